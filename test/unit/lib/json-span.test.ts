import { describe, expect, it } from '@jest/globals'
import { memberSpans } from '../../../server/lib/json-span.ts'

const valuesOf = (text: string) => {
  const spans = memberSpans(text)
  return spans && Object.fromEntries([...spans].map(([name, { start, end }]) => [name, text.slice(start, end)]))
}

describe('the members of an object', () => {
  it.each([
    ['an object, to its last brace', '{"a":{"b":[1,{"c":2}]},"d":1}', { a: '{"b":[1,{"c":2}]}', d: '1' }],
    ['a text with what looks like structure', '{"a":"}\\",\\"b\\":{","b":"2"}', { a: '"}\\",\\"b\\":{"', b: '"2"' }],
    ['a text that ends in an escaped backslash', '{"a":"\\\\","b":"2"}', { a: '"\\\\"', b: '"2"' }],
    ['braces inside a nested text', '{"a":{"b":"}]{["},"c":[]}', { a: '{"b":"}]{["}', c: '[]' }],
    ['escapes and blanks inside, untouched', '{"a":{ "b" : "\\/\\u5c0f" } }', { a: '{ "b" : "\\/\\u5c0f" }' }],
    ['words and numbers', '{"a":null,"b":-1.5e3,"c":true}', { a: 'null', b: '-1.5e3', c: 'true' }],
    ['blanks around everything', ' \n{ "a" :\t1 , "b" : "2" }\r\n', { a: '1', b: '"2"' }],
    ['a name written with escapes, by what it means', '{"\\u0073ign":"x"}', { sign: '"x"' }],
    ['a name inside a deeper object, only there', '{"a":{"sign":"x"}}', { a: '{"sign":"x"}' }],
    ['nothing', '{}', {}],
  ])('are found where they stand: %s', (_name, text, values) => {
    expect(valuesOf(text)).toEqual(values)
  })

  it.each([
    ['what is no object', '["a"]'],
    ['nothing', ''],
    ['an object that is cut off', '{"a":{"b":1}'],
    ['a text that is cut off', '{"a":"b'],
    ['a text that ends in an escape', '{"a":"b\\'],
    ['a member named twice', '{"a":1,"a":2}'],
    ['a member named twice in two ways', '{"a":1,"\\u0061":2}'],
    ['a comma too many', '{"a":1,}'],
    ['a comma too few', '{"a":1 "b":2}'],
    ['a member without a value', '{"a":}'],
    ['a name that is no text', '{a:1}'],
    ['more behind it', '{"a":1}{"a":2}'],
    ['a name that cannot be read', '{"\\x":1}'],
  ])('are not told of %s', (_name, text) => {
    expect(memberSpans(text)).toBeUndefined()
  })
})
