// The whole of it: worlds, questions, answers, and what becomes of the disagreements. The test and run.ts share it; they
// differ in how many questions they put.
import { parseName, type Name } from '../../src/dns/name.ts'
import { parseType } from '../../src/dns/types.ts'
import { hasSilence, type Compared } from './comparison.ts'
import { explain, EXPLANATIONS, type ExampleQuestion } from './explained.ts'
import { RD, type Probe } from './probe.ts'
import { makeProtocolQuestions } from './protocol-questions.ts'
import { makeQuestions } from './questions.ts'
import { compareOn } from './session.ts'
import { makeWorlds, type World } from './worlds.ts'

export interface Verdict {
  readonly zones: number
  readonly queries: number
  /** Queries that needed an explanation. */
  readonly explained: number
  /** How often each entry was needed; 0 for one that should go. */
  readonly uses: ReadonlyMap<string, number>
  readonly unexplained: readonly Compared[]
}

/** `count`: random questions for each zone of each world, beside those that are always asked. */
export async function judge(seed: number, count: number): Promise<Verdict> {
  const compared: Compared[] = []
  const worlds = makeWorlds(seed)
  // One after the other: all the servers of two worlds at once would measure the machine.
  for (const world of worlds) compared.push(...(await compareOn(world, questionsFor(world, seed, count), isDoubtful)))
  return { zones: worlds.reduce((sum, { zones }) => sum + zones.length, 0), ...weigh(compared) }
}

/** Silence that nothing explains: a datagram may have been lost. */
function isDoubtful(compared: Compared): boolean {
  return hasSilence(compared) && compared.disagreements.length > 0 && !explain(compared)
}

function questionsFor({ name, zones }: World, seed: number, count: number): Probe[] {
  const own = makeQuestions(zones, seed, count * zones.length)
  return name === 'many' ? [...own, ...makeProtocolQuestions(), ...examples()] : own
}

function examples(): Probe[] {
  return EXPLANATIONS.flatMap(({ example }) => (example ? makeExample(example) : []))
}

function makeExample({ name, type, size }: ExampleQuestion): Probe {
  return {
    ...{ name: parseName(name) as Name, type: parseType(type)!, class: 1, flags: RD, stream: false, tags: ['example'] },
    ...(size !== undefined && { edns: { size } }),
  }
}

function weigh(compared: readonly Compared[]): Omit<Verdict, 'zones'> {
  const uses = new Map(EXPLANATIONS.map(({ id }) => [id, 0]))
  const unexplained: Compared[] = []
  const disagreeing = compared.filter(({ disagreements }) => disagreements.length > 0)
  for (const one of disagreeing) {
    const ids = explain(one)
    if (!ids) unexplained.push(one)
    for (const id of ids ?? []) uses.set(id, uses.get(id)! + 1)
  }
  return { queries: compared.length, explained: disagreeing.length - unexplained.length, uses, unexplained }
}

/** Entries that explained nothing. */
export function staleIn(...verdicts: readonly Verdict[]): string[] {
  return EXPLANATIONS.map(({ id }) => id).filter((id) => verdicts.every(({ uses }) => uses.get(id) === 0))
}
