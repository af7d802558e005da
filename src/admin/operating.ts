// The part of the HTTP API that operators use: overrides, events, reloads, and the description of the whole. It stands
// behind the gate, and every write is bounded.
import { addAuditRoute, type AuditSource } from './audit-page.ts'
import { addChallengeRoutes, type ChallengeSources } from './challenges.ts'
import { addEventRoutes, type EventSources } from './events.ts'
import type { Api } from './api.ts'
import { addOverrideRoutes, type OverrideSources } from './overrides.ts'
import { addPlanRoutes, type PlanSources } from './plan.ts'
import { addReloadRoutes, type ReloadSources } from './reload.ts'

export interface Operating {
  readonly version: string
  readonly overrides: OverrideSources
  readonly events: EventSources
  readonly reload: ReloadSources
  readonly audit: AuditSource
  readonly plan: PlanSources
  readonly challenges: ChallengeSources
}

export function addOperating(api: Api, operating: Operating): void {
  const { version, overrides, events, reload, audit, plan, challenges } = operating
  addOverrideRoutes(api, overrides)
  addEventRoutes(api, events)
  addReloadRoutes(api, reload)
  addAuditRoute(api, audit)
  addPlanRoutes(api, plan)
  addChallengeRoutes(api, challenges)
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })
  api.get('/v1/openapi.json', (context) =>
    context.json(
      api.getOpenAPI31Document({
        openapi: '3.1.0',
        info: { title: 'Meridian', version, description: DESCRIPTION },
        security: [{ token: [] }],
      }),
    ),
  )
}

const DESCRIPTION =
  'The HTTP API of a Meridian director. `x-role` is the least role that a call needs, `read` where there is none. ' +
  'Without tokens, calls from this machine need none.'
