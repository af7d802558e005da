// A real Redis on loopback, without a file, that a test can kill and start again.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { watchChild, type Exit } from './child.ts'
import { portFreeOn } from './loopback-port.ts'
import { until } from './monotonic.ts'

export const redisIsMissing = spawnSync('redis-server', ['--version']).status !== 0

if (redisIsMissing && process.env['CI'] === 'true')
  throw new Error('Redis is needed in CI: apt-get install redis-server')
if (redisIsMissing) console.warn('Redis is missing, so tests with it are skipped: apt-get install redis-server')

export class RedisServer {
  readonly port: number
  #child: ChildProcess
  #exited: Promise<Exit>

  private constructor(port: number) {
    this.port = port
    this.#child = this.#spawn()
    this.#exited = watchChild(this.#child)
  }

  static async start(): Promise<RedisServer> {
    const redis = new RedisServer(await portFreeOn('127.0.0.1'))
    await redis.#ready()
    return redis
  }

  /** Empty, on the same port. */
  async startAgain(): Promise<void> {
    this.#child = this.#spawn()
    this.#exited = watchChild(this.#child)
    await this.#ready()
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #spawn(): ChildProcess {
    const words = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    return spawn('redis-server', words, { stdio: 'ignore' })
  }

  #ready(): Promise<unknown> {
    const open = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(this.port, '127.0.0.1')
        socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
        socket.on('connect', () => socket.destroy())
      })
    return until('Redis to listen', open)
  }
}
