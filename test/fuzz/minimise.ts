// Makes a failing input smaller while it goes on failing alike: first without ever smaller pieces, then with plain bytes.

const MAX_TRIES = 4000

/** `fails` says whether these bytes still fail in the way that is looked into. */
export function minimise(bytes: Uint8Array, plain: number, fails: (bytes: Uint8Array) => boolean): Uint8Array {
  let tries = 0
  const stillFails = (candidate: Uint8Array): boolean => ++tries <= MAX_TRIES && fails(candidate)
  for (let size = bytes.length >> 1; size > 0; size >>= 1) bytes = removePieces(bytes, size, stillFails)
  return flatten(removePieces(bytes, 1, stillFails), plain, stillFails)
}

function removePieces(bytes: Uint8Array, size: number, stillFails: (bytes: Uint8Array) => boolean): Uint8Array {
  for (let at = 0; at < bytes.length;) {
    const without = new Uint8Array(Math.max(bytes.length - size, at))
    without.set(bytes.subarray(0, at))
    without.set(bytes.subarray(at + size), at)
    if (stillFails(without)) bytes = without
    else at += size
  }
  return bytes
}

function flatten(bytes: Uint8Array, plain: number, stillFails: (bytes: Uint8Array) => boolean): Uint8Array {
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === plain) continue
    const flatter = bytes.slice()
    flatter[at] = plain
    if (stillFails(flatter)) bytes = flatter
  }
  return bytes
}
