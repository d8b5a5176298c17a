import type { Emulator } from '../../server/emulator/emulator.ts'
import type { SimulatedStore } from './database.ts'
import type { Engine } from './engine.ts'
import type { Instance } from './instance.ts'
import type { Network } from './network.ts'
import type { People } from './people.ts'
import type { Chaos, Plan } from './plan.ts'
import type { Draw } from './random.ts'
import type { Truth } from './truth.ts'

type Parts = {
  readonly plan: Plan
  readonly calmAt: number
  readonly engine: Engine
  readonly draw: Draw
  readonly instances: readonly Instance[]
  readonly network: Network
  readonly people: People
  readonly emulator: Emulator
  readonly store: SimulatedStore
  readonly truth: Truth
  readonly meet: (what: string) => void
}

/** What befalls the instances, and how it ends. */
export function makeDisasters({ plan, calmAt, engine, draw, instances, network, people, emulator, store, truth, meet }: Parts) {
  return { crashAt, wreak, loseCommits, calm }

  function crashAt(label: string, nth: number): boolean {
    if (engine.now() >= calmAt) return false
    const point = plan.crashPoints.find((one) => `inst${one.instance + 1}/${one.label}` === label && one.nth === nth)
    if (!point) return false
    meet('crash-point')
    crash(point.instance, point.downMs)
    return true
  }

  function crash(nth: number, downMs: number): void {
    const instance = instances[nth]
    if (!instance) return
    engine.note(`kill -9 ${instance.name}`)
    meet('crash')
    instance.kill()
    engine.schedule(`${instance.name}/restart`, downMs, () => {
      if (instance.lane().isDead) void instance.start()
    })
  }

  /** A failover to a node that had not heard of the last commits. */
  function loseCommits(): void {
    const commits = 1 + Math.floor(draw('lose', 'commits') * 5)
    let remembered = 0
    store.forgetSoon(commits, {
      remembered: () => {
        remembered = truth.moves.length
      },
      forgetting: () => {
        meet('commits-lost')
        engine.note(`the last ${commits} commits are lost`)
        for (const [nth] of instances.entries()) crash(nth, 1000 + 10_000 * draw('lose', 'down'))
      },
      forgot: () => {
        truth.forget(remembered)
        people.forget()
      },
    })
  }

  async function wreak(chaos: Chaos): Promise<void> {
    const instance = instances[chaos.instance]
    if (!instance) return
    meet(chaos.do)
    engine.note(`${chaos.do} ${instance.name} ${chaos.ms}`)
    switch (chaos.do) {
      case 'crash':
        return crash(chaos.instance, chaos.ms)
      case 'pause':
        return instance.pause(chaos.ms)
      case 'partition':
        return network.partition(instance.name, chaos.ms)
      case 'jump':
        return instance.jump(chaos.ms)
      case 'rotate':
        return void (await emulator.rotate('certificate'))
      case 'stop': {
        const lane = instance.lane()
        await instance.stop()
        engine.schedule(`${instance.name}/restart`, chaos.ms, () => {
          if (lane.isDead && instance.lane() === lane) void instance.start()
        })
      }
    }
  }

  /** Everything that was wrong is over; those who were not answered ask again. */
  async function calm(): Promise<void> {
    emulator.faults.clear()
    for (const instance of instances) {
      network.partition(instance.name, 0)
      instance.lane().pausedUntil = 0
      instance.rightClock()
    }
    await engine.wait('calm/settles', 180_000)
    for (const instance of instances) if (instance.lane().isDead) void instance.start()
    await engine.wait('calm/asks', 60_000)
    await people.finishAll()
  }
}
