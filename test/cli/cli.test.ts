import { expect, test } from 'vitest'
import { createCli, type Actions } from '../../src/cli/cli.ts'
import type { ExitCode } from '../../src/cli/exit-code.ts'

/** Runs words against actions that only note what they were asked. */
async function run(words: readonly string[], result: ExitCode = 0) {
  const asked: unknown[] = []
  const said = { printed: '', complained: '' }
  const note = (action: keyof Actions) => (options: object) => {
    asked.push([action, { ...options }])
    return Promise.resolve(result)
  }
  const actions = {
    serve: note('serve'),
    check: note('check'),
    explain: note('explain'),
    queries: note('queries'),
    status: note('status'),
    demo: note('demo'),
  }
  const cli = createCli(actions, {
    version: '0.1.0',
    print: (text) => (said.printed += text),
    complain: (text) => (said.complained += text),
  })
  return { code: await cli(words), asked, ...said }
}

test.each<[string, unknown]>([
  ['', ['demo', { plain: false }]],
  ['--plain', ['demo', { plain: true }]],
  ['demo --plain', ['demo', { plain: true }]],
  ['serve --config a.yaml', ['serve', { config: 'a.yaml', takeOver: false }]],
  ['serve -c a.yaml --take-over', ['serve', { config: 'a.yaml', takeOver: true }]],
  ['check -c a.yaml --json', ['check', { config: 'a.yaml', json: true }]],
  ['status --server http://[::1]:8053', ['status', { server: 'http://[::1]:8053', json: false }]],
  ['queries --name a -n 5', ['queries', { limit: '5', name: 'a', json: false }]],
  ['explain a --at 10m', ['explain', { name: 'a', type: 'A', at: '10m', json: false }]],
  ['explain www.example.com', ['explain', { name: 'www.example.com', type: 'A', json: false }]],
  [
    'explain www.example.com --type AAAA --client 192.0.2.1 --config a.yaml --server b:1 --json',
    [
      'explain',
      { name: 'www.example.com', type: 'AAAA', client: '192.0.2.1', config: 'a.yaml', server: 'b:1', json: true },
    ],
  ],
])('"%s" is understood', async (line, expected) => {
  const { code, asked, complained } = await run(line.split(' ').filter((word) => word !== ''))
  expect(complained).toBe('')
  expect(asked).toEqual([expected])
  expect(code).toBe(0)
})

test.each<[string, RegExp]>([
  ['chekc --config a', /unknown command 'chekc'[^]*Did you mean check/],
  ['serve', /required option '-c, --config <file>' not specified/],
  ['serve -c a --cofnig b', /unknown option '--cofnig'[^]*Did you mean --config/],
  ['explain', /missing required argument 'name'/],
  ['serve --config a --json', /unknown option '--json'/],
  ['demo b', /too many arguments/],
])('"%s" is wrong usage', async (line, complaint) => {
  const { code, asked, complained, printed } = await run(line.split(' '))
  expect(code).toBe(2)
  expect(asked).toEqual([])
  expect(complained).toMatch(complaint)
  expect(printed).toBe('')
})

test("an action's exit code is the program's", async () => {
  expect((await run(['status'], 1)).code).toBe(1)
  expect((await run(['check', '-c', 'a'], 2)).code).toBe(2)
})

test('the version and help are printed, and well', async () => {
  expect(await run(['--version'])).toMatchObject({ code: 0, printed: '0.1.0\n' })
  const help = await run(['--help'])
  expect(help.code).toBe(0)
  for (const command of ['serve', 'check', 'explain', 'queries', 'status', 'demo'])
    expect(help.printed).toContain(command)
})

test('an exception of an action is not taken for wrong usage', async () => {
  const broken = () => Promise.reject(new Error('broken'))
  const actions = { serve: broken, check: broken, explain: broken, queries: broken, status: broken, demo: broken }
  const cli = createCli(actions, { version: '1', print: () => undefined, complain: () => undefined })
  await expect(cli(['status'])).rejects.toThrow('broken')
})
