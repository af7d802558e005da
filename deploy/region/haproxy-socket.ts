// HAProxy's socket (management guide, §9.3): one command a connection, its whole answer back.
import { connect } from 'node:net'

const TIMEOUT_MS = 5000

/** Rejects when the socket cannot be reached or is silent for 5 s. What HAProxy thinks of the command stands in the answer. */
export function askHaproxy(socketPath: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ path: socketPath }, () => socket.write(`${command}\n`))
    socket.setEncoding('utf8').setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`${socketPath} is silent`)))
    socket.on('data', (text: string) => (answer += text))
    socket.on('end', () => resolve(answer.trim()))
    socket.on('error', reject)
  })
}

/** A line of `show stat`, by column. */
export type StatRow = Readonly<Record<string, string>>

export async function showStat(socketPath: string): Promise<StatRow[]> {
  const [header = '', ...lines] = (await askHaproxy(socketPath, 'show stat')).split('\n')
  const names = header.replace(/^# /, '').split(',')
  return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i]!, value])))
}

/** `server`: `web/web-1`. Undefined when there is none of that name. */
export async function showServer(socketPath: string, server: string): Promise<StatRow | undefined> {
  const rows = await showStat(socketPath)
  return rows.find((row) => `${row['pxname']}/${row['svname']}` === server)
}
