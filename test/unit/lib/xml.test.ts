import { describe, expect, it } from '@jest/globals'
import { clean, readFlatXml, writeFlatXml } from '../../../server/lib/xml.ts'

const read = (text: string, options = {}) => {
  const parsed = readFlatXml(Buffer.from(text), options)
  return 'problem' in parsed ? parsed.problem : Object.fromEntries(parsed.members)
}

describe('a document of one level', () => {
  it.each<[string, string, Record<string, string>]>([
    ['text and CDATA', '<xml><a>1</a><b><![CDATA[支付 & <测试>]]></b></xml>', { a: '1', b: '支付 & <测试>' }],
    ['blanks, which are kept', '<xml><a> 1 </a></xml>', { a: ' 1 ' }],
    ['numbers as they were written', '<xml><a>007</a><b>1.0</b><c>1e3</c></xml>', { a: '007', b: '1.0', c: '1e3' }],
    ['the entities of XML', '<xml><a>&lt;&amp;&gt;&#65;&#x4e2d;</a></xml>', { a: '<&>A中' }],
    ['CDATA, in which nothing is an entity', '<xml><a><![CDATA[&lt;]]></a></xml>', { a: '&lt;' }],
    ['a declaration and line breaks', '<?xml version="1.0" encoding="UTF-8"?>\n<xml>\n  <a>1</a>\n</xml>\n', { a: '1' }],
    ['nothing', '<xml><a></a><b/></xml>', { a: '', b: '' }],
    ['CDATA in pieces, and text between them', '<xml><a><![CDATA[x]]]]><![CDATA[>]]>y&amp;</a></xml>', { a: 'x]]>y&' }],
    ['what looks like a comment, in CDATA', '<xml><a><![CDATA[<!-- tea --><?b?>]]></a></xml>', { a: '<!-- tea --><?b?>' }],
    ['names that differ in case', '<xml><A>1</A><a>2</a></xml>', { A: '1', a: '2' }],
  ])('may hold %s', (_name, text, members) => {
    expect(read(text)).toEqual(members)
  })

  it.each<[string, string, string, object?]>([
    ['a document type', '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><a>&a;</a></xml>', 'declares'],
    ['a document type in small letters', '<!doctype xml><xml><a>1</a></xml>', 'declares'],
    ['an entity nobody knows', '<xml><a>&nbsp;</a></xml>', 'no plain text in a'],
    ['a lone ampersand', '<xml><a>1 & 2</a></xml>', 'is not XML|no plain text'],
    ['a member twice', '<xml><total_fee>1</total_fee><total_fee>100</total_fee></xml>', 'names the member total_fee twice'],
    ['an element in a member', '<xml><a><b>1</b></a></xml>', 'no plain text in a'],
    ['two roots', '<xml><a>1</a></xml><xml><a>2</a></xml>', 'is not'],
    ['another root', '<root><a>1</a></root>', 'is not one element <xml>'],
    ['text between members', '<xml>paid<a>1</a></xml>', 'text between'],
    ['attributes', '<xml><a b="1">1</a></xml>', 'attributes'],
    ['a comment in a member', '<xml><total_fee>1<!-- -->00</total_fee></xml>', 'comments or instructions'],
    ['an instruction', '<xml><?php phpinfo() ?><a>1</a></xml>', 'comments or instructions'],
    ['CDATA between members', '<xml><![CDATA[paid]]><a>1</a></xml>', 'text between'],
    ['a member that is everybody’s', '<xml><__proto__>1</__proto__></xml>', 'is not XML'],
    ['an entity of no letter', '<xml><a>&#0;</a></xml>', 'no plain text in a'],
    ['half a pair of surrogates', '<xml><a>&#xD800;</a></xml>', 'no plain text in a'],
    ['more after its end', '<xml><a>1</a></xml><a>2</a>', 'is not'],
    ['a namespace', '<xml xmlns="urn:a"><a>1</a></xml>', 'is not one element'],
    ['levels without end', `<xml>${'<a>'.repeat(8000)}${'</a>'.repeat(8000)}</xml>`, 'no plain text|is not XML', { maxBytes: 100_000 }],
    ['members without end', `<xml>${Array.from({ length: 500 }, (_, at) => `<a${at}>1</a${at}>`).join('')}</xml>`, 'more than 400 members'],
    ['an end that is missing', '<xml><a>1</a>', 'is not XML'],
    ['nothing at all', '', 'is not'],
    ['an HTML page', '<html><body><h1>502 Bad Gateway</h1></body></html>', 'is not one element'],
  ])('with %s is refused', (_name, text, problem, options = {}) => {
    expect(read(text, options)).toMatch(new RegExp(problem))
  })

  it('with bytes of GBK is refused', () => {
    const gbk = Buffer.concat([Buffer.from('<xml><a>'), Buffer.from([0xd6, 0xa7, 0xb8, 0xb6]), Buffer.from('</a></xml>')])

    expect(readFlatXml(gbk)).toEqual({ problem: 'is not UTF-8' })
  })

  it('longer than it may be is refused before it is looked at', () => {
    expect(read(`<xml><a>${'x'.repeat(100)}</a></xml>`, { maxBytes: 64 })).toBe('is longer than 64 bytes')
  })

  it('that was written reads as what it was written from, whatever stands in it', () => {
    const members = { plain: 'tea', end: 'a]]>b', markup: '<a>&amp;</a>', chinese: '龙井 ☕' }

    expect(read(writeFlatXml(members))).toEqual(members)
  })

  it('is written with the line ends that a reader makes of them', () => {
    expect(read(writeFlatXml({ a: 'one\r\ntwo\rthree' }))).toEqual({ a: 'one\ntwo\nthree' })
    expect(clean('one\r\ntwo\rthree')).toBe('one\ntwo\nthree')
  })

  it('is written without the characters that XML cannot hold', () => {
    expect(read(writeFlatXml({ a: 'te\u0000a\u001b!' }))).toEqual({ a: 'tea!' })
  })
})
