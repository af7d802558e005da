// The definitions that plans are made of, as configured: regions with their balancers, and services over regions.
import type { Address } from '../base/address.ts'
import type { Monitor } from '../health/health.ts'
import type { StepConfig } from '../steer/steer.ts'

export interface Balancer {
  readonly address: Address
  readonly weight: number
}

export interface Region {
  readonly name: string
  readonly weight: number
  readonly latitude?: number
  readonly longitude?: number
  readonly country?: string
  /** Missing: never probed, counts as up. */
  readonly monitor?: Monitor
  readonly balancers: readonly Balancer[]
  /** Balancers of any family that must be up for the region to be up. */
  readonly minHealthy: number
}

export interface Service {
  readonly name: string
  /** Region names in configured order. */
  readonly regions: readonly string[]
  readonly steer: readonly StepConfig[]
  /** Seconds. */
  readonly ttl: number
  /** `all`, `none`, or the name of a region of last resort. */
  readonly fallback: string
  /** The fallback applies when the healthy part of the weight falls strictly below this (0 to 1); 0: when nothing is healthy. */
  readonly panic: number
  /** `coherent`: the region is chosen first and AAAA of a region without live IPv6 is NODATA. */
  readonly families: 'coherent' | 'independent'
}

/** The id under which a balancer's health is known. */
export function targetId(region: string, address: string): string {
  return `${region}/${address}`
}
