// What others ask of a running director beside DNS: the HTTP API with its metrics, and the agent-check of its balancers. Both
// can be stopped and made anew, for the ports go to whoever takes over. What they show is handed in.
import type { AdminSources } from '../admin/routes.ts'
import { Agent } from '../agent/agent.ts'
import type { Config, Endpoint } from '../config/config.ts'
import type { Director } from '../director/director.ts'
import type { MetricsSources } from '../metrics/exporter.ts'
import { formatListenFault, listenFault } from '../server/listen-fault.ts'
import { agentWord } from './agent-words.ts'
import type { Journal } from './journal.ts'
import type { Showing } from './showing.ts'

/** What the HTTP API shows and takes; where it listens, and its metrics, are seen to here. */
export type Shown = Omit<AdminSources, 'metrics' | 'onError' | 'onRefused'>

export interface ShowingsParts {
  readonly config: () => Config
  readonly director: Director
  readonly journal: Journal
  readonly admin: () => Shown
  readonly metrics: MetricsSources
}

export class Showings {
  readonly #parts: ShowingsParts
  #showing: Showing | undefined
  #agent: Agent | undefined
  #adminPort = 0

  constructor(parts: ShowingsParts) {
    this.#parts = parts
  }

  /** Counts what happens, from `create` on; undefined where nothing is shown. */
  get exporter(): Showing['exporter'] | undefined {
    return this.#showing?.exporter
  }

  /** Where the HTTP API listens; undefined where it does not. */
  get adminEndpoint(): Endpoint | undefined {
    const admin = this.#parts.config().admin?.listen
    return admin && { host: admin.host, port: this.#adminPort }
  }

  async create(): Promise<void> {
    const { admin, agent } = this.#parts.config()
    this.#showing = admin && (await this.#createShowing(admin))
    this.#agent = agent && this.#createAgent(agent.listen)
  }

  /** One line on why they cannot listen; undefined when they do. */
  async start(): Promise<string | undefined> {
    const admin = await this.#showing?.admin.start()
    if (admin && 'fault' in admin) return admin.fault
    this.#adminPort = admin?.port ?? 0
    return await this.#startAgent()
  }

  async stop(): Promise<void> {
    await Promise.all([this.#showing?.admin.stop(), this.#agent?.stop()])
  }

  async #createShowing(settings: NonNullable<Config['admin']>): Promise<Showing> {
    const { createShowing } = await import('./showing.ts')
    const { journal, admin, metrics } = this.#parts
    const onError = (error: unknown) => journal.log.error({ err: error }, 'the admin API failed to answer')
    return createShowing({ ...settings, ...admin(), onError }, metrics)
  }

  #createAgent(listen: Endpoint): Agent {
    const { config, director, journal } = this.#parts
    return new Agent({
      listen,
      wordOf: (question) => agentWord(config().regions, question, director.words.balancers),
      onUnknown: (line) => journal.tell('warn', `a balancer asks for "${line}", which is no server of a region here`),
      onError: (error) => journal.log.error({ err: error }, 'the agent-check failed to answer'),
    })
  }

  /** One line on why it cannot listen. */
  async #startAgent(): Promise<string | undefined> {
    const code = await this.#agent?.start()
    if (code === undefined) return undefined
    return `agent ${formatListenFault(listenFault(code, this.#parts.config().agent!.listen, 'tcp'))}`
  }
}
