// The C library's calls on sockets that Node has no word for, as koffi hands them over: bare, with the numbers of the
// manual. What they are used for stands with their users. Main thread only (linux-batch.ts has those of the workers).
import type { LibraryHandle } from 'koffi'
import { SystemError } from './system-error.ts'

/** Each returns −1 when the system refuses, and `check` then throws a SystemError that names the call. */
export interface LinuxCalls {
  readonly socket: (family: number, type: number, protocol: number) => number
  readonly setsockopt: (fd: number, level: number, option: number, value: Int32Array, bytes: number) => number
  readonly getsockopt: (fd: number, level: number, option: number, value: Int32Array, bytes: Int32Array) => number
  readonly getsockname: (fd: number, address: Uint8Array, bytes: Int32Array) => number
  readonly bind: (fd: number, address: Uint8Array, bytes: number) => number
  readonly listen: (fd: number, backlog: number) => number
  readonly sendto: (
    fd: number,
    data: Uint8Array,
    bytes: number,
    flags: number,
    address: Uint8Array,
    addressBytes: number,
  ) => number
  readonly sendmsg: (fd: number, header: Uint8Array, flags: number) => number
  readonly recvmsg: (fd: number, header: Uint8Array, flags: number) => number
  readonly fcntl: (fd: number, command: number, type: 'int', value: number) => number
  readonly dup3: (from: number, to: number, flags: number) => number
  readonly close: (fd: number) => number
  readonly check: (call: string, result: number) => number
  /** Where the memory stands, for pointers in it: V8 never moves that of a large ArrayBuffer. */
  readonly addressOf: (buffer: ArrayBuffer) => number
}

/** The calls, or one line saying why this machine cannot make them. */
export async function loadLinuxCalls(): Promise<LinuxCalls | string> {
  if (process.platform !== 'linux') return `${process.platform} is not Linux`
  if (process.arch !== 'x64' && process.arch !== 'arm64') return `the processor is neither x64 nor arm64`
  try {
    const { default: koffi } = await import('koffi')
    const check = (call: string, result: number): number => {
      if (result < 0) throw new SystemError(call, koffi.errno())
      return result
    }
    return { ...declareCalls(koffi.load(null)), check, addressOf: (buffer) => Number(koffi.address(buffer)) }
  } catch (error) {
    return `koffi does not load: ${(error as Error).message.split('\n')[0]!}`
  }
}

function declareCalls(library: LibraryHandle): Omit<LinuxCalls, 'check' | 'addressOf'> {
  return {
    socket: library.func('int socket(int, int, int)') as LinuxCalls['socket'],
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint32_t)') as LinuxCalls['setsockopt'],
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)') as LinuxCalls['getsockopt'],
    getsockname: library.func('int getsockname(int, void *, void *)') as LinuxCalls['getsockname'],
    bind: library.func('int bind(int, void *, uint32_t)') as LinuxCalls['bind'],
    listen: library.func('int listen(int, int)') as LinuxCalls['listen'],
    sendto: library.func('int64_t sendto(int, void *, size_t, int, void *, uint32_t)') as LinuxCalls['sendto'],
    sendmsg: library.func('int64_t sendmsg(int, void *, int)') as LinuxCalls['sendmsg'],
    recvmsg: library.func('int64_t recvmsg(int, void *, int)') as LinuxCalls['recvmsg'],
    fcntl: library.func('int fcntl(int, int, ...)') as LinuxCalls['fcntl'],
    dup3: library.func('int dup3(int, int, int)') as LinuxCalls['dup3'],
    close: library.func('int close(int)') as LinuxCalls['close'],
  }
}
