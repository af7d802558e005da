// deploy/prometheus and deploy/grafana: promtool takes the rules, each alert fires where it should, and everything that is
// asked of Prometheus is exported.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { isInstalled } from '../support/client-output.ts'
import { allMetrics, unknownMetrics } from '../support/metrics-reference.ts'
import { anchorsOf } from '../support/anchors.ts'

const DEPLOY = join(import.meta.dirname, '../../deploy')

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly labels?: { readonly severity: string }
  readonly annotations?: Readonly<Record<string, string>>
}

interface Target {
  readonly expr: string
  readonly refId: string
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly Target[]
}

interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] }
}

const rulesText = readFileSync(join(DEPLOY, 'prometheus/meridian.rules.yaml'), 'utf8')
const rules = (parse(rulesText) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules)
const alerts = rules.filter(({ alert }) => alert !== undefined)
const guide = readFileSync(join(DEPLOY, 'README.md'), 'utf8')
const dashboardText = readFileSync(join(DEPLOY, 'grafana/meridian.json'), 'utf8')
const dashboard = JSON.parse(dashboardText) as Dashboard
const targets = dashboard.panels.flatMap(({ targets = [] }) => targets)

const noPromtool = !isInstalled('promtool') && process.env['CI'] === undefined
if (noPromtool) console.warn('promtool is missing, so rules are not tested by it: apt-get install prometheus')

test.skipIf(noPromtool)('promtool takes the rules, and each alert fires on its series', () => {
  const folder = join(DEPLOY, 'prometheus')
  expect(promtool(folder, 'check', 'rules', 'meridian.rules.yaml')).toMatchObject({ status: 0, stderr: '' })
  const tested = promtool(folder, 'test', 'rules', 'meridian.rules.test.yaml')
  expect(tested.status, tested.stdout + tested.stderr).toBe(0)
})

test('each alert has a test, and says what it means and what to do', () => {
  const tests = readFileSync(join(DEPLOY, 'prometheus/meridian.rules.test.yaml'), 'utf8')
  const sections = anchorsOf(guide).map((name) => `deploy/README.md#${name}`)
  for (const { alert = '', labels, annotations = {} } of alerts) {
    expect(tests.split(`alertname="${alert}"`).length, alert).toBeGreaterThan(2)
    expect(['page', 'ticket'], alert).toContain(labels?.severity)
    expect(Object.keys(annotations), alert).toEqual(['summary', 'meaning', 'action', 'runbook'])
    expect(sections, alert).toContain(annotations['runbook'])
  }
})

test('the rules, the dashboard and the guide name what is exported, and recorded, alone', () => {
  expect(unknownMetrics(rulesText + dashboardText + guide)).toEqual([])
  const known = [...allMetrics().map(({ name }) => name), ...rules.flatMap(({ record = [] }) => record)]
  const asked = [...rules, ...targets].flatMap(
    ({ expr }) => expr.match(/\b(?:process|nodejs|instance\w*:\w+)\w*(?::\w+)?/g) ?? [],
  )
  expect(asked.filter((name) => !known.includes(name))).toEqual([])
})

test('the panels of the dashboard do not overlap, and each shows something', () => {
  const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.trunc(i / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  const empty = dashboard.panels.filter(({ type, targets = [] }) => type !== 'row' && targets.length === 0)
  expect(empty).toEqual([])
})

test.skipIf(noPromtool)('the expressions of the dashboard are PromQL', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-dashboard-'))
  const asRules = targets.map(({ expr }, i) => ({
    record: `panel:${i}`,
    expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
  }))
  try {
    writeFileSync(join(folder, 'panels.yaml'), stringify({ groups: [{ name: 'panels', rules: asRules }] }))
    expect(promtool(folder, 'check', 'rules', 'panels.yaml')).toMatchObject({ status: 0, stderr: '' })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function promtool(cwd: string, ...words: readonly string[]) {
  return spawnSync('promtool', words, { cwd, encoding: 'utf8' })
}
