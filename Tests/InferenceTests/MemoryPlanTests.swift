import Basics
import Testing

@testable import Inference

@Suite struct `Memory plan` {
  @Test(arguments: 0..<20)
  func `tensors alive at the same time never share memory`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let reservations = (0..<60).map { _ in
      let first = Int.random(in: 0..<40, using: &random)
      return MemoryPlan.Reservation(
        byteCount: Int.random(in: 0...5000, using: &random),
        life: first...(first + Int.random(in: 0..<6, using: &random)))
    }
    let plan = MemoryPlan(reservations)
    for (i, a) in reservations.enumerated() {
      #expect(plan.offsets[i] % 64 == 0)
      #expect(plan.offsets[i] + a.byteCount <= plan.byteCount)
      for (j, b) in reservations.enumerated() where j < i && a.life.overlaps(b.life) {
        let apart =
          plan.offsets[i] + a.byteCount <= plan.offsets[j] || plan.offsets[j] + b.byteCount <= plan.offsets[i]
        #expect(apart, "seed \(seed): \(i) and \(j)")
      }
    }
  }

  @Test func `tensors of a chain alternate in the space of the largest neighbours`() {
    let sizes = [640, 6400, 640, 3200, 640]
    let plan = MemoryPlan(sizes.enumerated().map { .init(byteCount: $1, life: $0...($0 + 1)) })
    #expect(plan.byteCount == 7040)
  }
}
