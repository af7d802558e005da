import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { createTerminal } from '../../src/cli/terminal.ts'

test('what is printed and what is complained go apart, unpainted where there is no terminal', () => {
  const [output, errors] = [new PassThrough(), new PassThrough()]
  const { print, complain, paint, paintComplaint } = createTerminal(output, errors)
  print(paint('red', 'asked\n'))
  complain(paintComplaint('red', 'complaint\n'))
  expect([String(output.read()), String(errors.read())]).toEqual(['asked\n', 'complaint\n'])
})

test('a reader that went away is no failure; anything else is', () => {
  const output = new PassThrough()
  createTerminal(output, new PassThrough())
  expect(() => output.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }))).not.toThrow()
  expect(() => output.emit('error', Object.assign(new Error('full'), { code: 'ENOSPC' }))).toThrow('full')
})
