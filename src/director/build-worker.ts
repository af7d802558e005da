// The thread that `runBuild` starts: one build, one answer, the end. A build may take as long as it takes: whoever answers
// queries or probes goes first.
import { parentPort, workerData } from 'node:worker_threads'
import { giveWay } from '../base/thread.ts'
import type { Builds } from './build.ts'
import { buildClientMaps } from './client-map-build.ts'
import { keepCopies } from './keep-copies.ts'
import { locate } from './locate.ts'
import { buildZones } from './zone-build.ts'

type Task = { [Name in keyof Builds]: { name: Name; input: Builds[Name]['input'] } }[keyof Builds]

giveWay()
const task = workerData as Task
parentPort!.postMessage(perform(task))

function perform({ name, input }: Task): Builds[keyof Builds]['output'] {
  switch (name) {
    case 'zones':
      return buildZones(input)
    case 'copies':
      return keepCopies(input)
    case 'clientMaps':
      return buildClientMaps(input)
    case 'location':
      return locate(input)
  }
}
