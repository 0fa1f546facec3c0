import Testing

@testable import Inference

@Suite struct `Memory plan` {
  @Test(arguments: 0..<20)
  func `tensors alive together never share bytes`(seed: UInt64) {
    var random = SplitMix(state: seed)
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

  @Test func `tensors of a chain take turns in the room of the largest neighbours`() {
    let sizes = [640, 6400, 640, 3200, 640]
    let plan = MemoryPlan(sizes.enumerated().map { .init(byteCount: $1, life: $0...($0 + 1)) })
    #expect(plan.byteCount == 7040)
  }

  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z &>> 31)
    }
  }
}
