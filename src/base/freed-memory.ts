// What becomes of memory that is freed, and of memory that is never touched. glibc takes large blocks from the system one
// by one and gives them back, but learns from each that is freed to keep all that are smaller (mallopt(3),
// M_MMAP_THRESHOLD): the columns of a zone of a million names, used once and let go, stayed with the process (318 → 228 MB
// resident). Here it is told to go on as at first, and to count the read buffers of TLS connections among the large ones:
// each has 64 KiB and fills a few, but glibc would make it of pieces that were used before (10,000 kept connections: some
// 100 MB). And it is told to share two heaps among the threads, where it would make one for each and keep what is free in
// any (2 MB here). After a change it is told to give back the pages of smaller pieces too (5 MB after a million names).

const M_MMAP_THRESHOLD = -3
const M_ARENA_MAX = -8
/** Below the 64 KiB that libuv suggests for a read. glibc begins with 128. */
const THRESHOLD_BYTES = 60 * 1024
const HEAPS = 2

/** Gives back what stays between pieces in use: 0.7 ms, when a change has just freed many. */
let trim: (() => void) | undefined

/** For the whole process. Undefined when it is done, else why not: another C library, or no way to call it. */
export async function giveBackFreedMemory(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `${process.platform} has no glibc`
  try {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load(null)
    const mallopt = libc.func('int mallopt(int, int)') as (option: number, value: number) => number
    const mallocTrim = libc.func('int malloc_trim(size_t)') as (pad: number) => number
    trim = () => void mallocTrim(0)
    const isDone = mallopt(M_MMAP_THRESHOLD, THRESHOLD_BYTES) === 1 && mallopt(M_ARENA_MAX, HEAPS) === 1
    return isDone ? undefined : 'mallopt refused'
  } catch (error) {
    return (error as Error).message
  }
}

/** To be called when much was freed. Nothing happens where `giveBackFreedMemory` could not do its part. */
export function trimFreedMemory(): void {
  trim?.()
}
