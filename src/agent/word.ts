// The words of HAProxy's agent-check (configuration manual, `agent-check`): a line of text that says what an operator wants
// of a server. Health is not among them: HAProxy sees that better for itself.

/** `up`: its whole weight. `N%`: that part of its configured weight. `drain`: nobody new. `maint` and `down`: nobody. */
export type AgentWord = 'up' | 'drain' | 'maint' | 'down' | `${number}%`

/** A part of the weight as a word: 0 is a drain. `part`: 0 to 1. */
export function wordOfPart(part: number): AgentWord {
  if (part >= 1) return 'up'
  const percent = Math.max(1, Math.round(part * 100))
  return part <= 0 ? 'drain' : `${percent}%`
}

/** The line for HAProxy, which remembers: each line says all, so that a word takes back the one before. */
export function formatWord(word: AgentWord): string {
  switch (word) {
    case 'up':
      return 'ready up 100%\n'
    case 'drain':
      return 'drain up\n'
    case 'maint':
      return 'maint\n'
    case 'down':
      return 'ready down #forced by the director\n'
    default:
      return `ready up ${word}\n`
  }
}

export interface AgentQuestion {
  readonly region: string
  /** What HAProxy calls the server, or its address, with or without a port. */
  readonly server: string
}

/** Reads `region/server`, as `agent-send` sends it. Undefined for what is none. */
export function parseQuestion(line: string): AgentQuestion | undefined {
  const [, region, server] = /^([^/\s]+)\/([^/\s]+)\s*$/.exec(line) ?? []
  return region === undefined || server === undefined ? undefined : { region, server }
}
