// What a region's own HAProxy is told of a server (agent-check): what operators want of it, and nothing of its health. A
// balancer's weight is told as a part of the greatest in its region, so that 0 drains it there as it does here. A drain of
// a whole region is not told on: with every server in drain HAProxy would refuse the users whom resolvers still send.
import { formatAddress, parseAddress } from '../base/address.ts'
import { wordOfPart, type AgentQuestion, type AgentWord } from '../agent/word.ts'
import { textOf } from '../director/address-text.ts'
import type { Word, Words } from '../director/overrides/words.ts'
import { targetId, type Balancer, type Region } from '../director/service.ts'

/** Undefined: there is no such region. A server that is no balancer here, but the region's own affair, is `up`. */
export function agentWord(
  regions: ReadonlyMap<string, Region>,
  { region: name, server }: AgentQuestion,
  words: Words['balancers'] = new Map(),
): AgentWord | undefined {
  const region = regions.get(name)
  if (!region) return undefined
  const asked = addressOf(server)
  const balancer = region.balancers.find(({ address }) => textOf(address) === asked)
  if (!balancer) return 'up'
  const wanted = (one: Balancer) => wantedOf(one, words.get(targetId(name, textOf(one.address))))
  const greatest = Math.max(...region.balancers.map(wanted))
  // All of them at 0: nobody is meant to leave for another.
  return greatest === 0 ? 'up' : wordOfPart(wanted(balancer) / greatest)
}

/** Its weight, as operators leave it. */
function wantedOf({ weight }: Balancer, word: Word | undefined): number {
  if (!word) return weight
  return word.forced === 'down' ? 0 : (word.weight ?? weight) * word.part
}

/** Of `198.51.100.10`, `198.51.100.10:443` or `[2001:db8::1]:443`; undefined for a name. */
function addressOf(server: string): string | undefined {
  const [, bracketed, dotted] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(server) ?? []
  const address = parseAddress(bracketed ?? dotted ?? server)
  return address && formatAddress(address)
}
