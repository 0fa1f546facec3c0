import Basics
import Capture
import Testing

@testable import Synthesis

@Suite struct `Performances` {
  /// Every action from every situation in which it can start, by several people.
  static let cases: [(SyntheticAction, Choreography.Situation)] = SyntheticAction.allCases.flatMap { action in
    Choreography.situations(action).map { (action, $0) }
  }

  private func perform(
    _ action: SyntheticAction, _ situation: Choreography.Situation, seed: UInt64
  ) -> Performance {
    var random = PlaceRandom(seed: seed, stream: 1)
    let stage = Stage(&random)
    var choreography = Choreography(
      stage: stage, manner: Manner(&random), random: random, situation: situation, first: action)
    choreography.perform(action, seconds: 2.5)
    return choreography.finished()
  }

  @Test(arguments: cases)
  func `performances keep bone lengths, stay in the room and take a plausible time`(
    action: SyntheticAction, situation: Choreography.Situation
  ) {
    for seed in UInt64(1)...6 {
      let performance = perform(action, situation, seed: seed)
      #expect((1...14).contains(performance.duration), "seed \(seed)")
      #expect(performance.actions.map(\.action).last == action)
      let body = performance.manner.body
      for frame in 0..<Int(performance.duration * 10) {
        let skeleton = performance.skeleton(at: Float(frame) / 10)
        #expect(skeleton.joints.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite })
        for side in Side.allCases {
          let arm = (skeleton.arm(side, 1) - skeleton.arm(side, 0)).length
          let shin = (skeleton.leg(side, 2) - skeleton.leg(side, 1)).length
          #expect(abs(arm - body.upperArm) < 1e-3 && abs(shin - body.shin) < 1e-3, "seed \(seed), frame \(frame)")
        }
        let outside = skeleton.joints.enumerated().filter { _, place in
          !((-0.12...2.6).contains(place.y) && abs(place.x) < 3.5 && abs(place.z) < 2.6)
        }
        #expect(outside.isEmpty, "seed \(seed), frame \(frame) of \(performance.duration) s: \(outside)")
      }
    }
  }

  @Test(arguments: UInt64(1)...6) func `rendered people move without jumps`(seed: UInt64) {
    let step: Float = 1 / 60
    for action in SyntheticAction.allCases {
      let performance = perform(action, Choreography.situations(action)[0], seed: seed)
      for frame in 0..<Int(performance.duration * 60) {
        let (a, b) = (
          performance.skeleton(at: Float(frame) * step), performance.skeleton(at: Float(frame + 1) * step)
        )
        let speeds = zip(a.joints, b.joints).map { ($1 - $0).length / step }
        #expect((speeds.max() ?? 0) < 15, "\(action) at \(Float(frame) * step) s: \(speeds) m/s")
      }
    }
  }

  @Test func `performances have a foot on the floor while walking`() {
    let performance = perform(.walk, .standing, seed: 2)
    let ankle = performance.manner.body.ankle
    var lifted = 0
    for frame in 0..<Int(performance.duration * 30) {
      let skeleton = performance.skeleton(at: Float(frame) / 30)
      let heights = Side.allCases.map { skeleton.leg($0, 2).y - ankle }
      #expect((heights.min() ?? 1) < 0.03, "frame \(frame)")
      if (heights.max() ?? 0) > 0.05 { lifted += 1 }
    }
    #expect(lifted > 5)
  }

  @Test func `performances of different people, and of the same person, differ`() {
    let joints = (UInt64(1)...5).map { perform(.drink, .seated, seed: $0).skeleton(at: 1.5).joints }
    for (a, b) in zip(joints, joints.dropFirst()) { #expect(a != b) }
  }

  @Test func `names of actions are distinct, and so are their numbers`() {
    #expect(Set(SyntheticAction.allCases.map(\.label)).count == 20)
    #expect(SyntheticAction.allCases.map(\.number) == Array(1...20))
  }
}
