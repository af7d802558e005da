import { expect, test } from 'vitest'
import { Turns } from '../../src/base/turns.ts'

test('jobs run one after the other, in the order in which they were asked for', async () => {
  const turns = new Turns()
  const said: string[] = []
  const job = (name: string) => async () => {
    said.push(`${name} begins`)
    await new Promise((resolve) => setImmediate(resolve))
    said.push(`${name} ends`)
    return name
  }
  expect(await Promise.all([turns.take(job('a')), turns.take(job('b'))])).toEqual(['a', 'b'])
  expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('one that rejects is told to who asked, and holds nobody up', async () => {
  const turns = new Turns()
  const failed = turns.take(() => Promise.reject(new Error('no')))
  const next = turns.take(() => Promise.resolve('goes on'))
  await expect(failed).rejects.toThrow('no')
  expect(await next).toBe('goes on')
  await turns.over()
})
