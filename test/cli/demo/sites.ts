// Three places on loopback that are free now, for tests that start the demo's regions.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import type { Site } from '../../../src/cli/demo/region-process.ts'

export async function freeSites(): Promise<Site[]> {
  const names = ['us-east', 'eu-west', 'ap-south']
  return await Promise.all(
    names.map(async (name, i) => ({ name, address: `127.${i + 1}.0.1`, port: await freePort(`127.${i + 1}.0.1`) })),
  )
}

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Waits until something is so; fails after five seconds. */
export async function until<Value>(
  what: string,
  look: () => Value | undefined | Promise<Value | undefined>,
): Promise<Value> {
  const deadline = performance.now() + 5_000
  while (performance.now() < deadline) {
    const value = await look()
    if (value !== undefined && value !== false) return value
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`waited five seconds for ${what}`)
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
