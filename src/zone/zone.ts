// A zone as columns: what a master file holds, grouped by name and type, checked, and ready to be laid out flat.
// Millions of names must fit, so there is no object for a name or a record; positions are kept for faults only while loading.
import type { Fault } from '../base/fault.ts'
import type { Name } from '../dns/name.ts'

/**
 * Nodes are the names that exist, empty non-terminals included (RFC 4592 §2.2.2). Node 0 is the apex, and a parent
 * always stands before its children. RRsets of a node are contiguous, and so are the records of an RRset.
 */
export interface Zone {
  readonly origin: Name
  /** The file it came from, absolute. */
  readonly file: string
  readonly serial: number
  readonly nodes: {
    readonly count: number
    /** Owner names, lower-cased wire form, back to back. */
    readonly names: Uint8Array
    /** count: offset into `names`. */
    readonly name: Int32Array
    /** count: the node one label up; −1 for the apex. */
    readonly parent: Int32Array
    /** count + 1: the first RRset of each node. */
    readonly firstRrset: Int32Array
    /** count: an index into `services` for the owner of an LB or ALIAS record, else −1. */
    readonly service: Int32Array
  }
  readonly rrsets: {
    readonly count: number
    readonly type: Uint16Array
    /** Seconds. */
    readonly ttl: Int32Array
    /** count + 1: the first record of each RRset. */
    readonly firstRecord: Int32Array
  }
  readonly records: {
    readonly count: number
    /** count + 1: offset into `data`. */
    readonly offset: Int32Array
    /** Uncompressed rdata in wire form, case kept, back to back. */
    readonly data: Uint8Array
  }
  /** RRsets (HTTPS, SVCB) of which some record takes the addresses of an LB name for its hints (hints.ts). */
  readonly hinted: ReadonlySet<number>
  /** Names of the services that LB records point at, and those that stand for ALIAS records (alias.ts). */
  readonly services: readonly string[]
}

/** A zone, unless a fault of severity error forbids it; and all faults. */
export interface ZoneLoad {
  readonly zone: Zone | undefined
  readonly faults: readonly Fault[]
  /** Every file read, $INCLUDEs too: the last good copy under `state` is made of these. */
  readonly files: readonly string[]
}
