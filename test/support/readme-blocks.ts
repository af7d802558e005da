// The README, or the guide, as a script: its command blocks in order, with what the HTML comments above them (unseen by readers) ask of
// the test. Blocks of other languages are not run; a language or a comment that nobody knows is an error.
//
//   <!-- test: background until "TEXT" -->  starts the next block, and goes on when its output has TEXT
//   <!-- test: expect "TEXT" -->            the output of the next block must have TEXT (\n: a line break)
//   <!-- test: exit 2 -->                   the next block must end with this code, in the place of 0
//   <!-- test: again for 30 s -->           the next block is run again until it does as expected, for that long
//   <!-- test: run by .ci/run -->           the next block is not run here: these very commands stand in .ci/run
//   <!-- test: interrupt -->                Ctrl-C for the block that was started last and still runs, which must end well

/** A step of the script. `line` counts from 1 and is that of the block, or of the comment. */
export type Step =
  | { readonly kind: 'run'; readonly line: number; readonly script: string; readonly expected: Expected }
  | { readonly kind: 'background'; readonly line: number; readonly script: string; readonly until: string }
  | { readonly kind: 'elsewhere'; readonly line: number; readonly script: string }
  | { readonly kind: 'interrupt'; readonly line: number }

export interface Expected {
  readonly exitCode: number
  readonly texts: readonly string[]
  /** The script may be run again until what is expected holds, for so long. */
  readonly againForMs: number
}

/** Languages of blocks that are read and not run. */
const SHOWN = ['text', 'yaml', 'zone', 'ini']

interface Orders {
  until?: string
  exitCode: number
  texts: string[]
  againForMs: number
  elsewhere: boolean
}

const noOrders = (): Orders => ({ exitCode: 0, texts: [], againForMs: 0, elsewhere: false })

/** Throws, with the page and the line, for whatever it does not understand. */
export function readSteps(page: string, text: string): Step[] {
  const lines = text.split('\n')
  const steps: Step[] = []
  let orders = noOrders()
  for (let i = 0; i < lines.length; i++) {
    const order = /^<!-- test: (.*) -->$/.exec(lines[i]!)?.[1]
    const language = /^```(.*)$/.exec(lines[i]!)?.[1]
    if (order === 'interrupt') steps.push({ kind: 'interrupt', line: i + 1 })
    else if (order !== undefined) takeOrder(orders, order, `${page}:${i + 1}`)
    if (language === undefined) continue
    const end = lines.indexOf('```', i + 1)
    if (end < 0) throw new Error(`${page}:${i + 1}: this block has no end`)
    if (language === 'sh') {
      steps.push(stepOf(lines.slice(i + 1, end).join('\n'), i + 1, orders))
      orders = noOrders()
    } else if (!SHOWN.includes(language)) throw new Error(`${page}:${i + 1}: blocks are sh or ${SHOWN.join(', ')}`)
    i = end
  }
  return steps
}

function takeOrder(orders: Orders, order: string, place: string): void {
  const [, until] = /^background until "(.+)"$/.exec(order) ?? []
  const [, text] = /^expect "(.+)"$/.exec(order) ?? []
  const [, exitCode] = /^exit (\d+)$/.exec(order) ?? []
  const [, seconds] = /^again for (\d+) s$/.exec(order) ?? []
  if (until !== undefined) orders.until = until
  else if (text !== undefined) orders.texts.push(text.replaceAll('\\n', '\n'))
  else if (exitCode !== undefined) orders.exitCode = Number(exitCode)
  else if (seconds !== undefined) orders.againForMs = Number(seconds) * 1000
  else if (order === 'run by .ci/run') orders.elsewhere = true
  else throw new Error(`${place}: "${order}" is no order to the test`)
}

function stepOf(script: string, line: number, orders: Orders): Step {
  const { until, elsewhere, exitCode, texts, againForMs } = orders
  if (elsewhere) return { kind: 'elsewhere', line, script }
  if (until !== undefined) return { kind: 'background', line, script, until }
  return { kind: 'run', line, script, expected: { exitCode, texts, againForMs } }
}

/** The commands of a script, one each. */
export function commandsOf(script: string): string[] {
  return script.split(/\n|&&/).map((command) => command.replace(/#.*/, '').trim())
}
