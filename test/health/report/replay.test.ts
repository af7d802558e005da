// Recorded streams of reports, one look every 10 s, with the part of its share that the region should take beside each.
import { describe, expect, it } from 'vitest'
import { NOT_REPORTED, takeReading, type Reported } from '../../../src/health/report/judge.ts'
import type { Reading, Sample } from '../../../src/health/report/report.ts'

const RULES = { intervalMs: 10_000, tolerated: 0.01 }

interface Look {
  readonly see: Sample | string
  readonly availability: number
  readonly reason?: RegExp
}

function replay(looks: readonly Look[]): Reported {
  return looks.reduce((before: Reported, { see, availability, reason }, i) => {
    const reading: Reading = typeof see === 'string' ? { problem: see } : { sample: see }
    const now = takeReading(before, reading, i * 10_000, RULES)
    expect({ look: i, availability: Number(now.availability.toFixed(4)) }).toEqual({ look: i, availability })
    if (reason !== undefined) expect(now.reason).toMatch(reason)
    return now
  }, NOT_REPORTED)
}

const counted = (requests: number, errors: number, more: Sample = {}): Sample => ({ requests, errors, ...more })

describe('a region', () => {
  it('with 0.1 % of errors is healthy', () => {
    const { report } = replay([
      { see: counted(5000, 10), availability: 1 },
      { see: counted(15_000, 20), availability: 1, reason: /^0.1 % errors$/ },
      { see: counted(25_000, 30, { responseTimeMs: 12, activeConnections: 9 }), availability: 1 },
    ])
    expect(report).toEqual({ requestRate: 1000, errorRate: 0.001, responseTimeMs: 12, activeConnections: 9 })
  })

  it('with 15 % of errors takes so much less, at once, and comes back slowly', () => {
    replay([
      { see: counted(0, 0), availability: 1 },
      { see: counted(1000, 150), availability: 0.85, reason: /^15 % errors$/ },
      { see: counted(2000, 550), availability: 0.6 },
      { see: counted(3000, 550), availability: 0.7, reason: /^0 % errors; recovering, 70 % of its share$/ },
      { see: counted(4000, 550), availability: 0.8 },
      { see: counted(5000, 550), availability: 0.9 },
      { see: counted(6000, 550), availability: 1 },
    ])
  })

  it('that dies takes nothing, and is tried again by a little', () => {
    replay([
      { see: counted(0, 0), availability: 1 },
      { see: counted(1000, 500), availability: 0.5 },
      { see: counted(2000, 1500), availability: 0 },
      { see: counted(2005, 1505), availability: 0.1 },
      { see: counted(2105, 1605), availability: 0 },
    ])
  })

  it('with half of its servers gone takes half', () => {
    replay([
      { see: { healthyServers: 8, totalServers: 8 }, availability: 1 },
      { see: { healthyServers: 4, totalServers: 8 }, availability: 0.5, reason: /^4 of 8 servers$/ },
      { see: { healthyServers: 0, totalServers: 8 }, availability: 0 },
      { see: { healthyServers: 8, totalServers: 8 }, availability: 0.1 },
    ])
  })

  it('with more than it can hold takes what it can', () => {
    replay([
      { see: { utilisation: 0.9 }, availability: 1 },
      { see: { utilisation: 1.25 }, availability: 0.8, reason: /^125 % utilised$/ },
    ])
  })

  it('whose counters are reset tells no rates for that look', () => {
    const { report } = replay([
      { see: counted(100_000, 50_000), availability: 1 },
      { see: counted(101_000, 50_100), availability: 0.9 },
      { see: counted(30, 1, { activeConnections: 3 }), availability: 1, reason: /^reports no errors/ },
      { see: counted(1030, 201), availability: 0.8 },
    ])
    expect(report).toEqual({ requestRate: 100, errorRate: 0.2 })
  })

  it('with few requests is not judged by their errors', () => {
    replay([
      { see: counted(0, 0), availability: 1 },
      { see: counted(3, 2), availability: 1 },
    ])
  })

  it('that tells no more counts for three intervals, and then as if it had never told', () => {
    const { report, last } = replay([
      { see: { healthyServers: 1, totalServers: 4 }, availability: 0.25 },
      { see: 'ECONNREFUSED', availability: 0.25, reason: /^ECONNREFUSED; the report before holds$/ },
      { see: 'ECONNREFUSED', availability: 0.25 },
      { see: 'ECONNREFUSED', availability: 0.25 },
      { see: 'ECONNREFUSED', availability: 1, reason: /^no report: ECONNREFUSED$/ },
    ])
    expect([report, last]).toEqual([undefined, undefined])
  })

  it('that lies is not believed', () => {
    replay([
      { see: { healthyServers: 9, totalServers: 4 }, availability: 1, reason: /^no report: more healthy servers/ },
      { see: counted(5, 9), availability: 1, reason: /^no report: more errors than requests$/ },
      { see: { utilisation: -1 }, availability: 1, reason: /^no report: utilisation is -1$/ },
    ])
  })
})
