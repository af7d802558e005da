// What the commands of operators take, and who carries them out.
import type { ExitCode } from './exit-code.ts'

/** What every command takes. */
export interface OperateOptions {
  readonly server?: string
  readonly json: boolean
}

export interface OverrideOptions extends OperateOptions {
  readonly reason: string
  readonly over?: string
  readonly at?: string
  readonly for?: string
  readonly overrule?: string
  readonly dryRun: boolean
}

export interface DrainOptions extends OverrideOptions {
  readonly wait: boolean
  readonly timeout?: string
}

export interface PlanOptions extends OperateOptions {
  readonly drain: readonly string[]
  readonly fail: readonly string[]
  readonly weight: readonly string[]
  readonly share: readonly string[]
  readonly over?: string
  readonly config?: string
}

export interface ReloadOptions extends OperateOptions {
  readonly reason?: string
  readonly overrule?: string
}

export interface EventOptions extends OperateOptions {
  readonly follow: boolean
  readonly limit: string
}

export interface OperateActions {
  readonly drain: (target: string, options: DrainOptions) => Promise<ExitCode>
  readonly force: (target: string, to: string, options: OverrideOptions) => Promise<ExitCode>
  readonly set: (kind: 'weight' | 'share', target: string, value: string, options: OverrideOptions) => Promise<ExitCode>
  /** Ends overrides of a target: those of a kind, or all. */
  readonly end: (target: string, kind: string, options: OverrideOptions) => Promise<ExitCode>
  readonly overrides: (options: OperateOptions) => Promise<ExitCode>
  readonly plan: (options: PlanOptions) => Promise<ExitCode>
  readonly reload: (options: ReloadOptions) => Promise<ExitCode>
  readonly events: (options: EventOptions) => Promise<ExitCode>
  readonly watch: (options: OperateOptions) => Promise<ExitCode>
}

/** Loaded when a command of these is run: `serve` needs none of it. */
export type LoadOperate = () => Promise<OperateActions>

export interface TokenActions {
  readonly create: (config: string, name: string, role: string) => Promise<ExitCode>
  readonly list: (config: string, json: boolean) => Promise<ExitCode>
  readonly revoke: (config: string, name: string) => Promise<ExitCode>
}
