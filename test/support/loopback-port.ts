// Ports for programs whose configuration wants one number on several loopback addresses. They lie below the range that
// the system gives to clients, so that no socket of a test takes one between the look and its use.
import { isFree } from '../../deploy/region/lab/ports.ts'

const LOWEST = 10_000
const COUNT = 20_000

/** A port that is free for UDP and TCP on every one of these addresses. */
export async function portFreeOn(...hosts: readonly string[]): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT)
    const free = await Promise.all(hosts.map((host) => isFree(host, port)))
    if (free.every(Boolean)) return port
  }
}
