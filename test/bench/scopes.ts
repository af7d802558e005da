// A million (address, service) pairs: `node test/bench/scopes.ts [PAIRS [SEED]]`. Exits with 1 when a scope is untrue, could be
// wider, or overlaps another; test/query/scopes.ts says how that is judged.
import { openLocator } from '../../src/geo/locator/locator.ts'
import { judgeScopes } from '../query/scopes.ts'
import { networksIn } from '../support/networks-in.ts'

const [, , pairs = '1000000', seed = '1'] = process.argv
const { locator } = openLocator({ source: 'geoip-lite' })
const { user: before } = process.cpuUsage()
const verdict = judgeScopes(networksIn(locator!), Number(pairs), Number(seed))
const seconds = ((process.cpuUsage().user - before) / 1e6).toFixed(0)
console.log(
  `${verdict.pairs} pairs, ${verdict.answers} answers, ${verdict.prefixes} distinct prefixes, ${seconds} s of CPU`,
)
for (const text of verdict.wrong) console.log(text)
process.exitCode = verdict.wrong.length > 0 ? 1 : 0
