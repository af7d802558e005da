// Tokens, made and revoked in the state folder of a configuration; a running director reads the file by itself.
import { ROLES, TokenBook, type Role } from '../admin/tokens.ts'
import { systemClock } from '../base/clock.ts'
import type { ExitCode } from '../cli/exit-code.ts'
import { asJson, createSourceLine } from '../cli/commands.ts'
import { formatFaults } from '../cli/faults.ts'
import type { TokenActions } from '../cli/operate-actions.ts'
import { printable } from '../cli/paint.ts'
import { formatTable } from '../cli/table.ts'
import type { Terminal } from '../cli/terminal.ts'
import { loadConfig } from '../config/load.ts'

const NAME = /^[\w.@-]{1,64}$/

export function createTokenActions(terminal: Terminal): TokenActions {
  return {
    create: async (config, name, role) => {
      if (!NAME.test(name))
        return fail(terminal, `"${printable(name)}" is no name: letters, digits and . _ @ - make one`, 2)
      if (!isRole(role)) return fail(terminal, `"${printable(role)}" is no role: there are ${ROLES.join(', ')}`, 2)
      const book = await openBook(terminal, config)
      if (!book) return 2
      const token = await book.create(name, role, systemClock.wall())
      if (token === undefined) return fail(terminal, `there is a token of the name ${name}: revoke it first`)
      terminal.print(`${token}\n`)
      return 0
    },
    list: async (config, json) => {
      const book = await openBook(terminal, config)
      if (!book) return 2
      const tokens = book.all.map(({ name, role, createdAt }) => ({
        name,
        role,
        createdAt: new Date(createdAt).toISOString(),
      }))
      if (json) terminal.print(asJson(tokens))
      else
        terminal.print(
          formatTable(tokens.map(({ name, role, createdAt }) => [name, role, createdAt]))
            .map((row) => `${row}\n`)
            .join(''),
        )
      return 0
    },
    revoke: async (config, name) => {
      const book = await openBook(terminal, config)
      if (!book) return 2
      if (!(await book.revoke(name))) return fail(terminal, `there is no token of the name ${printable(name)}`)
      if (book.all.length === 1)
        terminal.complain('meridian: that was the last one: calls from this machine need none now\n')
      return 0
    },
  }
}

async function openBook(terminal: Terminal, configFile: string): Promise<TokenBook | undefined> {
  const { config, faults } = loadConfig(configFile)
  if (!config) {
    terminal.complain(formatFaults(faults, terminal.paintComplaint, createSourceLine()))
    return undefined
  }
  const book = new TokenBook(config.state)
  const broken = await book.refresh()
  if (broken.length === 0) return book
  terminal.complain(formatFaults(broken, terminal.paintComplaint, createSourceLine()))
  return book.isOpen || book.all.length > 0 ? book : undefined
}

function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text)
}

function fail({ complain }: Terminal, what: string, code: ExitCode = 1): ExitCode {
  complain(`meridian: ${what}\n`)
  return code
}
