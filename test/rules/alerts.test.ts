import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { alarmKinds } from '../../server/core/alarms.ts'
import { firing, readAlertRules, readSeries } from '../support/alert-rules.ts'
import { durationMs } from '../support/promql.ts'
import type { Labels } from '../support/promql-engine.ts'
import { root } from './checks.ts'

type Case = { eval_time: string; alertname: string; exp_alerts: Array<{ exp_labels: Labels }> }
type Group = { input_series: Array<{ series: string; values: string }>; alert_rule_test: Case[] }

const rules = readAlertRules(join(root, 'server/deploy/alerts.yml'))
const { tests }: { tests: Group[] } = parse(readFileSync(join(root, 'test/vectors/alerts.yaml'), 'utf8'))
const cases = tests.flatMap(({ input_series, alert_rule_test }) =>
  alert_rule_test.map((one) => ({
    ...one,
    series: input_series.map(readSeries),
    says: one.exp_alerts.length === 0 ? 'is silent' : 'fires',
  })),
)
const sorted = (all: readonly Labels[]) =>
  all
    .map((labels) =>
      Object.entries(labels)
        .map(([name, value]) => `${name}=${value}`)
        .sort()
        .join(),
    )
    .sort()

/** A day of a shop where all is well, one paid order a minute. */
const healthy = [
  ['shouyin_payments_total{channel="wechat",payType="NATIVE",outcome="opened"}', '0+2x180'],
  ['shouyin_payments_total{channel="wechat",payType="NATIVE",outcome="succeeded"}', '0+2x180'],
  ['shouyin_payments_total{channel="wechat",payType="NATIVE",outcome="failed"}', '0x100 1x80'],
  ['shouyin_paid_minor_total{channel="wechat",currency="CNY"}', '0+9999x180'],
  ['shouyin_refunds_total{channel="wechat",cause="requested",outcome="requested"}', '0x100 1x80'],
  ['shouyin_refunds_total{channel="wechat",cause="requested",outcome="abnormal"}', '0x180'],
  ['shouyin_refund_minor_total{channel="wechat",currency="CNY",outcome="requested"}', '0x100 9999x80'],
  ['shouyin_duplicate_payments_total', '0x180'],
  ['shouyin_late_payments_total', '0x100 1x80'],
  ['shouyin_alarms{kind="unmatched_money"}', '0x180'],
  ['shouyin_alarms{kind="clock_skew"}', '0x180'],
  ['shouyin_channel_calls_total{channel="wechat",operation="prepare",outcome="ok"}', '0+2x180'],
  ['shouyin_channel_calls_total{channel="wechat",operation="prepare",outcome="unknown"}', '0x100 1x80'],
  ['shouyin_notifications_total{channel="wechat",kind="trade",outcome="applied"}', '0+2x180'],
  ['shouyin_notifications_total{channel="wechat",kind="unknown",outcome="probe"}', '0x100 3x80'],
  ['shouyin_certificate_ends_seconds{channel="wechat",account="default",certificate="platform"}', '30000000x180'],
  ['shouyin_webhook_tries_total{outcome="ok"}', '0+2x180'],
  ['shouyin_webhook_tries_total{outcome="timeout"}', '0x100 1x80'],
  ['shouyin_webhook_oldest_seconds', '0x100 40x80'],
  ['up{job="shouyin",instance="a"}', '1x180'],
  ['shouyin_http_requests_total{route="POST /api/v1/orders",status="201",code=""}', '0+2x180'],
  ['shouyin_http_requests_total{route="POST /api/v1/orders",status="502",code="CHANNEL_ERROR"}', '0x100 1x80'],
  ['shouyin_http_requests_total{route="POST /api/v1/orders",status="500",code="SYSTEMERROR"}', '0x180'],
  ['shouyin_task_oldest_due_seconds{kind="payment.sync"}', '0.2x180'],
  ['shouyin_rate_limited_total{limit="wrong_keys"}', '0x100 3x80'],
  ['shouyin_db_commit_unknown_total', '0x180'],
  ['shouyin_db_connections{state="waiting"}', '0x100 2x80'],
  ['nodejs_eventloop_lag_p99_seconds', '0.02x180'],
].map(([series = '', values = '']) => readSeries({ series, values }))

describe('an alert', () => {
  it.each(cases.map((one) => [one.alertname, one.says, one.eval_time, one] as const))('%s %s after %s', (name, _says, time, one) => {
    const rule = rules.find(({ alert }) => alert === name)

    expect(rule && sorted(firing(rule, one.series, durationMs(time)))).toEqual(sorted(one.exp_alerts.map(({ exp_labels }) => exp_labels)))
  })

  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s is silent where all is well', (_name, rule) => {
    for (let minute = 0; minute <= 180; minute += 5) expect(firing(rule, healthy, minute * 60_000)).toEqual([])
  })

  it.each(rules.map(({ alert }) => alert))('%s is seen firing', (alert) => {
    expect(cases.filter(({ alertname, exp_alerts }) => alertname === alert && exp_alerts.length > 0)).not.toEqual([])
  })

  it.each(alarmKinds)('tells of the alarm %s', (kind) => {
    const standing = [...healthy, readSeries({ series: `shouyin_alarms{kind="${kind}"}`, values: '1x180' })]

    expect(rules.filter((rule) => firing(rule, standing, 60 * 60_000).length > 0)).not.toEqual([])
  })

  it.each(rules)('$alert says what it is and what to do, and how urgent it is', ({ labels, annotations }) => {
    expect(labels.severity).toMatch(/^(page|ticket)$/)
    expect(Object.keys(annotations)).toEqual(['summary', 'action'])
    for (const words of Object.values(annotations)) expect(words.length).toBeGreaterThan(20)
  })
})
