// A cursor over the tokens of master-file text (RFC 1035 §5.1): it knows comments, parentheses, quotes and where a record
// ends, and nothing of what tokens mean. Tokens are offsets into the bytes, so reading makes no strings.

const TAB = 0x09
const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const OPEN = 0x28
const CLOSE = 0x29
const EQUALS = 0x3d
const SEMICOLON = 0x3b
const BACKSLASH = 0x5c
const BLANKS_AND_CLOSE: readonly number[] = [TAB, NEWLINE, RETURN, SPACE, CLOSE]

/** Each goes back over all that follows an open parenthesis, so a text gets only so many. */
const MAX_RECOVERIES = 16

/** By byte: 1 when an unquoted token ends before it, or is to be looked at for an escape. */
const MAY_END_WORD = new Uint8Array(256)
for (const byte of [TAB, NEWLINE, RETURN, SPACE, QUOTE, OPEN, CLOSE, SEMICOLON, BACKSLASH]) MAY_END_WORD[byte] = 1

/** What is wrong with the text around tokens; `at` is where. */
export interface TokenProblem {
  readonly code: 'unclosed-quote' | 'unclosed-parenthesis' | 'stray-parenthesis'
  readonly at: number
}

export class Tokens {
  readonly bytes: Uint8Array
  /** The current token: from `start` to before `end`, without its quotes when `quoted`; escapes are still in it. */
  start = 0
  end = 0
  quoted = false
  /** The first problem of the current record. A token with a problem is never handed out. */
  problem: TokenProblem | undefined
  #at: number
  #isUnread = false
  #recoveries = 0
  /** Where the parenthesis was opened that is still open, else −1. */
  #opened = -1

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.#at = at
  }

  static of(text: string): Tokens {
    return new Tokens(new TextEncoder().encode(text))
  }

  /** Moves to the next record that has any token: to before its first byte. False at the end of the text. */
  nextRecord(): boolean {
    this.problem = undefined
    while (this.#at < this.bytes.length) {
      const line = this.#at
      this.#skipBlanks()
      if (this.#at >= this.bytes.length) return false
      if (this.bytes[this.#at] !== NEWLINE) {
        this.#at = line
        this.#opened = -1
        return true
      }
      this.#at++
    }
    return false
  }

  /** True when the record begins with a blank: it has the owner of the record before. */
  beginsBlank(): boolean {
    const byte = this.bytes[this.#at]
    return byte === SPACE || byte === TAB
  }

  /** Moves to the next token of this record; false at the record's end, or when the text is broken (see `problem`). */
  next(): boolean {
    if (this.#isUnread) {
      this.#isUnread = false
      return true
    }
    this.quoted = false
    const found = this.problem === undefined && this.#skipToToken()
    this.start = this.end = this.#at
    if (!found || this.problem !== undefined) return false
    if (this.bytes[this.#at] === QUOTE) return this.#takeQuoted()
    this.#skipWord()
    this.end = this.#at
    return true
  }

  /** Like `next`, for `key="quoted value"` as one token (RFC 9460 §2.1): the quotes of the value stay in the token. */
  nextPair(): boolean {
    if (!this.next()) return false
    if (this.quoted || this.bytes[this.end] !== QUOTE || this.bytes[this.end - 1] !== EQUALS) return true
    const { start } = this
    const isClosed = this.#takeQuoted()
    this.start = start
    this.end = this.#at
    this.quoted = false
    return isClosed
  }

  /** Makes the next `next` give the current token again. */
  unread(): void {
    this.#isUnread = true
  }

  /** Leaves the rest of this record unread. One that is never closed ends where the next line starts without a blank. */
  skipRecord(): void {
    this.#isUnread = false
    while (this.#skipToToken()) {
      if (this.bytes[this.#at] === QUOTE) this.#takeQuoted()
      else this.#skipWord()
    }
    if (this.#opened < 0 || this.#recoveries === MAX_RECOVERIES) return
    this.#recoveries++
    this.#at = this.#lineAtMargin(this.#opened)
  }

  /** The current token as text, escapes still in it. */
  text(): string {
    return new TextDecoder().decode(this.bytes.subarray(this.start, this.end))
  }

  /** Stands on a token (true), or on the newline or the end of text that ends the record. */
  #skipToToken(): boolean {
    const { bytes } = this
    for (;;) {
      this.#skipBlanks()
      if (this.#at >= bytes.length) return this.#endOfText()
      const byte = bytes[this.#at]!
      if (byte === OPEN) {
        if (this.#opened >= 0) this.#fail('stray-parenthesis', this.#at)
        else this.#opened = this.#at
      } else if (byte === CLOSE) {
        if (this.#opened < 0) this.#fail('stray-parenthesis', this.#at)
        this.#opened = -1
      } else if (byte !== NEWLINE) {
        return true
      } else if (this.#opened < 0) {
        return false
      }
      this.#at++
    }
  }

  #endOfText(): false {
    if (this.#opened >= 0) this.#fail('unclosed-parenthesis', this.#opened)
    return false
  }

  /** The start of the first line after `from` that begins with neither a blank nor a parenthesis. */
  #lineAtMargin(from: number): number {
    const { bytes } = this
    for (let at = bytes.indexOf(NEWLINE, from); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      if (bytes[at + 1] !== undefined && !BLANKS_AND_CLOSE.includes(bytes[at + 1]!)) return at + 1
    }
    return bytes.length
  }

  /** Skips spaces, tabs, carriage returns and a comment, up to a newline or anything else. */
  #skipBlanks(): void {
    const { bytes } = this
    let at = this.#at
    while (bytes[at] === SPACE || bytes[at] === TAB || bytes[at] === RETURN) at++
    if (bytes[at] === SEMICOLON) while (at < bytes.length && bytes[at] !== NEWLINE) at++
    this.#at = at
  }

  #skipWord(): void {
    const { bytes } = this
    let at = this.#at
    for (;;) {
      while (at < bytes.length && MAY_END_WORD[bytes[at]!] === 0) at++
      if (bytes[at] !== BACKSLASH) break
      at += bytes[at + 1] === NEWLINE ? 1 : 2
    }
    this.#at = Math.min(at, bytes.length)
  }

  #takeQuoted(): boolean {
    const { bytes } = this
    const open = this.#at
    let at = open + 1
    while (at < bytes.length && bytes[at] !== QUOTE && bytes[at] !== NEWLINE) {
      at += bytes[at] === BACKSLASH && bytes[at + 1] !== NEWLINE ? 2 : 1
    }
    this.#at = Math.min(at, bytes.length)
    this.start = open + 1
    this.end = this.#at
    this.quoted = true
    if (bytes[this.#at] !== QUOTE) return this.#fail('unclosed-quote', open)
    this.#at++
    return true
  }

  #fail(code: TokenProblem['code'], at: number): false {
    this.problem ??= { code, at }
    return false
  }
}
