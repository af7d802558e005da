// Tokens of the HTTP API: made and revoked by the command line, in the state folder, and read by the running director
// whenever the file changed. Only hashes are kept. A token is 256 bits of chance, so that a plain hash cannot be guessed
// back; it is compared in constant time.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { statSync } from 'node:fs'
import { z } from 'zod'
import type { Fault } from '../base/fault.ts'
import { KeptFile } from '../base/kept-file.ts'

/**
 * - `read`: sees everything but the audit log. `operate`: also changes overrides and reloads. `admin`: all.
 * - `acme`: only sets and removes `_acme-challenge` records. `report`: only tells what regions report.
 */
export const ROLES = ['read', 'operate', 'admin', 'acme', 'report'] as const

export type Role = (typeof ROLES)[number]

const keptSchema = z.array(
  z.strictObject({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    /** SHA-256 of the secret, hexadecimal. */
    hash: z.string().length(64),
    /** Wall-clock ms. */
    createdAt: z.number(),
  }),
)

export type Token = z.output<typeof keptSchema>[number]

/** Who calls. */
export interface Actor {
  /** The token's name; `local` on loopback while there are no tokens. */
  readonly name: string
  readonly role: Role
}

const PREFIX = 'mrd'

export class TokenBook {
  readonly #file: KeptFile<readonly Token[]>
  #tokens: readonly Token[] = []
  #stamp = ''
  /** The file cannot be trusted: nobody is let in, rather than everybody. */
  #isBroken = false

  constructor(folder: string) {
    const parse = (json: unknown) => keptSchema.safeParse(json).data
    this.#file = new KeptFile({ folder, name: 'tokens', parse, mode: 0o600 })
  }

  get all(): readonly Token[] {
    return this.#tokens
  }

  /** Loopback alone is let in, with no token. */
  get isOpen(): boolean {
    return !this.#isBroken && this.#tokens.length === 0
  }

  /** Reads the file if it changed; the faults of it. */
  async refresh(): Promise<readonly Fault[]> {
    const stamp = stampOf(this.#file.path)
    if (stamp === this.#stamp) return []
    try {
      const { value, faults } = await this.#file.read()
      this.#stamp = stampOf(this.#file.path)
      this.#tokens = value ?? []
      this.#isBroken = value === undefined && faults.length > 0
      return faults
    } catch (error) {
      this.#isBroken = true
      return [unreadable(this.#file.path, error)]
    }
  }

  /** Whose token this is. */
  find(text: string): Actor | undefined {
    const [prefix, id, secret = ''] = text.split('.')
    const token = this.#tokens.find((one) => one.id === id)
    const expected = Buffer.from(token?.hash ?? '0'.repeat(64), 'hex')
    const isSame = timingSafeEqual(expected, hashOf(secret))
    return token && isSame && prefix === PREFIX ? { name: token.name, role: token.role } : undefined
  }

  /** Makes a token and gives its text, which is kept nowhere; undefined when there is one of that name. */
  async create(name: string, role: Role, now: number): Promise<string | undefined> {
    await this.refresh()
    if (this.#tokens.some((token) => token.name === name)) return undefined
    const [id, secret] = [randomBytes(4).toString('hex'), randomBytes(32).toString('base64url')]
    const token: Token = { id, name, role, hash: hashOf(secret).toString('hex'), createdAt: now }
    await this.#file.write([...this.#tokens, token])
    return [PREFIX, id, secret].join('.')
  }

  /** False when there is none of that name. */
  async revoke(name: string): Promise<boolean> {
    await this.refresh()
    const left = this.#tokens.filter((token) => token.name !== name)
    if (left.length === this.#tokens.length) return false
    await this.#file.write(left)
    return true
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** Differs whenever the file was written. */
function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true })
  return stats ? `${stats.ino} ${stats.mtimeNs} ${stats.size}` : 'none'
}

function unreadable(file: string, error: unknown): Fault {
  return {
    ...{ code: 'tokens-unreadable', severity: 'error', place: { file } },
    message: `tokens cannot be read: ${(error as Error).message}`,
    hint: 'until they can, every call that needs one is refused',
  }
}
