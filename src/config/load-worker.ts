// The thread that `loadConfigApart` starts: one file, one answer, the end.
import { parentPort, workerData } from 'node:worker_threads'
import { loadConfig } from './load.ts'

parentPort!.postMessage(loadConfig(workerData as string))
