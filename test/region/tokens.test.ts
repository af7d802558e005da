import { createHmac } from 'node:crypto'
import { assert, constantFrom, integer, property, string, uint8Array } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readToken, signToken, type Keys } from '../../deploy/region/app/tokens.ts'

const KEYS: Keys = ['a new secret of thirty-two bytes!', 'an old secret of thirty-two bytes']
const NOW = 1_800_000_000_000
const request = { sub: 'ada', kind: 'access', sid: 'login-1', lifeMs: 60_000 } as const

describe('a token', () => {
  it('tells what was signed, until it is over', () => {
    const token = signToken(KEYS, request, NOW)
    expect(readToken(KEYS, token, 'access', NOW + 59_000)).toMatchObject({ sub: 'ada', sid: 'login-1' })
    expect(readToken(KEYS, token, 'access', NOW + 60_000)).toBeUndefined()
  })

  it('is an ordinary JSON Web Token (RFC 7519, RFC 7515 §A.1)', () => {
    const [header, payload, signature] = signToken(KEYS, request, NOW).split('.')
    expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' })
    const expected = createHmac('sha256', KEYS[0]).update(`${header!}.${payload!}`).digest('base64url')
    expect(signature).toBe(expected)
  })

  it('is read with an old key, and made with the new', () => {
    const old = signToken([KEYS[1]!], request, NOW)
    expect(readToken(KEYS, old, 'access', NOW)).toBeDefined()
    expect(readToken([KEYS[1]!], signToken(KEYS, request, NOW), 'access', NOW)).toBeUndefined()
  })

  it('of one kind is not taken for the other', () => {
    expect(readToken(KEYS, signToken(KEYS, request, NOW), 'refresh', NOW)).toBeUndefined()
  })

  it('cannot name another algorithm', () => {
    const [, payload, signature] = signToken(KEYS, request, NOW).split('.')
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url')
    expect(readToken(KEYS, `${none}.${payload!}.`, 'access', NOW)).toBeUndefined()
    expect(readToken(KEYS, `${none}.${payload!}.${signature!}`, 'access', NOW)).toBeUndefined()
  })

  it('with any character changed is refused', () => {
    const token = signToken(KEYS, request, NOW)
    assert(
      property(
        integer({ min: 0, max: token.length - 1 }),
        constantFrom('a', 'b', 'A', 'B', '0', '1', '-', '_', '.'),
        (at, other) => {
          if (token[at] === other) return
          expect(readToken(KEYS, token.slice(0, at) + other + token.slice(at + 1), 'access', NOW)).toBeUndefined()
        },
      ),
    )
  })

  it('made of anything else is refused, and never throws', () => {
    assert(property(string(), (text) => readToken(KEYS, text, 'access', NOW) === undefined))
    assert(
      property(uint8Array(), uint8Array(), (payload, signature) => {
        const [header] = signToken(KEYS, request, NOW).split('.')
        const parts = [
          header!,
          Buffer.from(payload).toString('base64url'),
          Buffer.from(signature).toString('base64url'),
        ]
        expect(readToken(KEYS, parts.join('.'), 'access', NOW)).toBeUndefined()
      }),
    )
  })
})
