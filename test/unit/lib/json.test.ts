import { describe, expect, it } from '@jest/globals'
import { NumberText, parseJson } from '../../../server/lib/json.ts'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
const listOf = (commas: number) => `[0${',0'.repeat(commas)}]`

describe('JSON that somebody else wrote', () => {
  it.each([
    ['an object', '{"a":[1,"b",null,true,{"c":-0.5}]}', { a: [1, 'b', null, true, { c: -0.5 }] }],
    ['a scalar', ' "text" ', 'text'],
    ['32 levels', nested(32), JSON.parse(nested(32))],
    ['brackets within a text', JSON.stringify('['.repeat(99)), '['.repeat(99)],
    ['quotes and backslashes within a text', '{"a\\"":"\\\\","b":"}\\""}', { 'a"': '\\', b: '}"' }],
    ['a name again in another object', '{"a":{"a":1},"b":[{"a":1},{"a":2}]}', { a: { a: 1 }, b: [{ a: 1 }, { a: 2 }] }],
    ['a text equal to a name', '{"a":"a","b":["a","a"]}', { a: 'a', b: ['a', 'a'] }],
    ['names that differ in case', '{"a":1,"A":2}', { a: 1, A: 2 }],
    ['a thousand commas', listOf(1000), Array.from({ length: 1001 }, () => 0)],
    ['a whole emoji', '"\\ud83d\\ude00"', '😀'],
    ['a list with an entry at "constructor"’s place', '["constructor","__proto__"]', ['constructor', '__proto__']],
  ])('is read: %s', (_name, text, value) => {
    expect(parseJson(text)).toEqual({ value })
    expect(parseJson(Buffer.from(text))).toEqual({ value })
  })

  it.each([
    ['33 levels of lists', nested(33), 'is nested deeper than 32 levels'],
    ['33 levels of objects', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, 'is nested deeper than 32 levels'],
    ['a hundred thousand levels', nested(100_000), 'is nested deeper than 32 levels'],
    ['levels that never end', '['.repeat(100_000), 'is nested deeper than 32 levels'],
    ['more than a thousand commas', listOf(1001), 'has more than 1000 members'],
    ['a member twice', '{"amount":1,"amount":2}', 'names the member amount twice'],
    ['a member twice, far apart', '{"amount":1,"other":{"a":[1]},"amount" : 2}', 'names the member amount twice'],
    ['a member twice, once in disguise', '{"amount":1,"\\u0061mount":2}', 'names the member amount twice'],
    ['a prototype', '{"__proto__":{"isAdmin":true}}', 'has a member that is not taken: __proto__'],
    ['a prototype in disguise', '{"\\u005f_proto__":{}}', 'has a member that is not taken: __proto__'],
    ['a prototype deep inside', '[{"a":[{"__proto__":1}]}]', 'has a member that is not taken: __proto__'],
    ['a constructor', '{"constructor":{"prototype":{}}}', 'has a member that is not taken: prototype'],
    ['half an emoji', '{"name":"\\ud83d"}', 'has a member that is not taken: name'],
    ['nothing', '', 'is not JSON'],
    ['half an object', '{"a":1', 'is not JSON'],
    ['half a text', '"a', 'is not JSON'],
    ['a text that ends in a backslash', '"\\', 'is not JSON'],
    ['two values', '{} {}', 'is not JSON'],
    ['a comma too many', '{"a":1,}', 'is not JSON'],
    ['a mark of the byte order in front', '\ufeff{}', 'is not JSON'],
    ['a word that is none', 'NaN', 'is not JSON'],
    ['single quotes', "{'a':1}", 'is not JSON'],
    ['more closed than open', ']]]]', 'is not JSON'],
  ])('is refused: %s', (_name, text, problem) => {
    expect(parseJson(text)).toEqual({ problem })
    expect(parseJson(Buffer.from(text))).toEqual({ problem })
  })

  it.each([
    ['a byte alone', [0x22, 0xff, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['half a character', [0x22, 0xe8, 0xb4, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ])('is refused when it is not UTF-8: %s', (_name, bytes) => {
    expect(parseJson(Uint8Array.from(bytes))).toEqual({ problem: 'is not UTF-8' })
  })

  it('that is refused changes no prototype', () => {
    parseJson('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')

    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  })
})

describe('numbers kept as they were written', () => {
  it.each(['99.99', '99.990', '1e3', '-0', '0.1', '12345678901234567890.12', '1E-7'])('%s', (text) => {
    expect(parseJson(`{"amount":${text}}`, { keepNumbers: true })).toEqual({ value: { amount: new NumberText(text) } })
  })

  it('are told from texts that look like them', () => {
    expect(parseJson('["1.0",1.0]', { keepNumbers: true })).toEqual({ value: ['1.0', new NumberText('1.0')] })
  })
})
