// A question put to every server: what it asks, how, and the bytes that carry it. Written without the server's own
// encoder, so that a mistake there cannot hide by standing on both sides.

export interface ProbeOption {
  readonly code: number
  readonly data: Uint8Array
}

export interface ProbeEdns {
  /** The UDP payload size that the asker claims. */
  readonly size: number
  readonly version?: number
  /** DO and the 15 bits behind it. */
  readonly flags?: number
  readonly options?: readonly ProbeOption[]
}

export interface Probe {
  /** Wire form, in the case asked. */
  readonly name: Uint8Array
  readonly type: number
  readonly class: number
  /** The second 16 bits of the header. */
  readonly flags: number
  readonly edns?: ProbeEdns
  readonly stream: boolean
  /** What makes it special, for the explanations and for whoever reads the print. */
  readonly tags: readonly string[]
  /** Changes the packet just made: counts, second OPTs, loose ends. */
  readonly damage?: (packet: number[]) => void
}

export const RD = 0x0100
export const DO = 0x8000

const TYPE_OPT = 41

export function encodeProbe(probe: Probe, id: number): Uint8Array {
  const packet = [...u16(id), ...u16(probe.flags), 0, 1, 0, 0, 0, 0, 0, probe.edns ? 1 : 0]
  packet.push(...probe.name, ...u16(probe.type), ...u16(probe.class))
  if (probe.edns) packet.push(...encodeOpt(probe.edns))
  probe.damage?.(packet)
  return Uint8Array.from(packet)
}

export function encodeOpt({ size, version = 0, flags = 0, options = [] }: ProbeEdns): number[] {
  const data = options.flatMap(({ code, data }) => [...u16(code), ...u16(data.length), ...data])
  return [0, ...u16(TYPE_OPT), ...u16(size), 0, version, ...u16(flags), ...u16(data.length), ...data]
}

/** Bytes of the question section, as every answer must repeat them. */
export function questionOf({ name, type, class: asked }: Probe): Uint8Array {
  return Uint8Array.from([...name, ...u16(type), ...u16(asked)])
}

export function u16(value: number): [number, number] {
  return [(value >>> 8) & 0xff, value & 0xff]
}
