// Choices of the fuzzer, all drawn from one seed: the same seed makes the same inputs.
import { seededRandom } from '../../src/base/random.ts'

export interface Dice {
  /** An integer from 0 to before `end`. */
  readonly below: (end: number) => number
  /** True in `percent` of all cases. */
  readonly chance: (percent: number) => boolean
  readonly pick: <T>(list: ArrayLike<T>) => T
}

export function createDice(seed: number): Dice {
  const random = seededRandom(seed)
  const below = (end: number): number => Math.floor(random() * end)
  return {
    below,
    chance: (percent) => random() * 100 < percent,
    pick: (list) => list[below(list.length)]!,
  }
}
