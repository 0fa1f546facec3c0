import Evaluation
import Testing

struct LateFusionTests {
  @Test func `fused scores are the weighted average of softmax scores, paired by name`() throws {
    let rgb = try scores([clip("x", 0, [0.6, 0.4]), clip("y", 1, [0.9, 0.1])], system: "VPN++")
    let pose = try scores([clip("y", 1, [0.3, 0.7]), clip("x", 0, [0.2, 0.8])], system: "AGCN-J")
    let fused = try LateFusion.fuse(rgb, pose, weight: 0.25)
    #expect(fused.system == "VPN++ + AGCN-J")
    #expect(fused.clips.map(\.name) == ["x", "y"])
    for (clip, expected) in zip(fused.clips, [0.5, 0.75]) {
      for pooling in WindowPooling.allCases {
        #expect(abs(pooling.probabilities(of: clip.windows)[0] - expected) < 1e-6)
      }
    }
  }

  @Test func `late fusion pools windows before it averages`() throws {
    let windows: [[Float]] = [[3, 0], [0, 2], [0, 2]]
    let rgb = try scores([ScoredClip(name: "x", label: 0, windows: windows)])
    let pose = try scores([clip("x", 0, [0.5, 0.5])])
    for pooling in WindowPooling.allCases {
      let fused = try LateFusion.fuse(rgb, pose, weight: 0, pooling: pooling)
      let expected = pooling.probabilities(of: windows)
      #expect(abs(pooling.probabilities(of: fused.clips[0].windows)[0] - expected[0]) < 1e-6)
    }
  }

  @Test func `late fusion accepts probabilities that underflow`() throws {
    let sure = try scores([ScoredClip(name: "x", label: 0, windows: [[3e38, -3e38]])])
    let fused = try LateFusion.fuse(sure, sure)
    #expect(EvaluationResult(fused, pooling: .paper).top1 == 1)
  }

  @Test func `labels in a different order are refused by name`() throws {
    let rgb = try scores([clip("x", 0, [0.6, 0.4])], labels: ["Usetablet", "Usetelephone"], system: "VPN++")
    let pose = try scores([clip("x", 0, [0.6, 0.4])], labels: ["Usetelephone", "Usetablet"], system: "AGCN-J")
    let error = #expect(throws: EvaluationError.self) { try LateFusion.fuse(rgb, pose) }
    #expect(
      error?.description == """
        VPN++ and AGCN-J cannot be fused: label 0 is Usetablet in one and Usetelephone in the other; train both with \
        the same list of labels in the same order
        """)
  }

  @Test func `late fusion names clips missing from one system`() throws {
    let both = try scores([clip("x", 0, [0.6, 0.4]), clip("y", 0, [0.6, 0.4])], system: "VPN++")
    let one = try scores([clip("x", 0, [0.6, 0.4])], system: "AGCN-J")
    let expected = """
      AGCN-J has no scores of 1 of the clips: y; score the same list with both
      """
    let missing = #expect(throws: EvaluationError.self) { try LateFusion.fuse(both, one) }
    #expect(missing == .cannotFuse(first: "VPN++", second: "AGCN-J", reason: expected))
    let reversed = #expect(throws: EvaluationError.self) { try LateFusion.fuse(one, both) }
    #expect(reversed == .cannotFuse(first: "AGCN-J", second: "VPN++", reason: expected))
  }

  @Test func `clips with different activities, other numbers of labels and invalid weights are refused`() throws {
    let first = try scores([clip("x", 0, [0.6, 0.4])])
    let other = try scores([clip("x", 1, [0.6, 0.4])])
    let wider = try scores([clip("x", 1, [0.6, 0.3, 0.1])])
    #expect(throws: EvaluationError.cannotFuse(first: "I3D", second: "I3D", reason: "x is A in one and B in the other"))
    {
      try LateFusion.fuse(first, other)
    }
    #expect(throws: EvaluationError.cannotFuse(first: "I3D", second: "I3D", reason: "they have 2 and 3 labels")) {
      try LateFusion.fuse(first, wider)
    }
    for weight in [-0.1, 1.1, .nan] {
      #expect(throws: EvaluationError.self) { try LateFusion.fuse(first, first, weight: weight) }
    }
  }

  @Test func `the best weight is the closest to the plain average among equals`() throws {
    // Correct for weights below 0.8.
    let always = (clip("x", 0, [0.9, 0.1]), clip("x", 0, [0.4, 0.6]))
    // Correct for weights above 0.2, and above two thirds.
    let easy = (clip("y", 1, [0.6, 0.4]), clip("y", 1, [0.1, 0.9]))
    let hard = (clip("y", 1, [0.6, 0.4]), clip("y", 1, [0.45, 0.55]))
    for (other, expected) in [(easy, 0.5), (hard, 0.7)] {
      for measure in LateFusion.Measure.allCases {
        let weight = try LateFusion.bestWeight(
          scores([always.0, other.0]), scores([always.1, other.1]), by: measure)
        #expect(weight == expected)
      }
    }
  }

  @Test func `mean class accuracy favours the system that knows the rare activities`() throws {
    // Nine clips of A that are correct below a weight of 0.58; one each of B and C that are correct above 0.72.
    let common = (0..<9).map { (clip("a\($0)", 0, [0.7, 0.15, 0.15]), clip("a\($0)", 0, [0.2, 0.6, 0.2])) }
    let rare = [
      (clip("b", 1, [0.8, 0.1, 0.1]), clip("b", 1, [0.3, 0.58, 0.12])),
      (clip("c", 2, [0.8, 0.1, 0.1]), clip("c", 2, [0.3, 0.12, 0.58])),
    ]
    let first = try scores((common + rare).map(\.0))
    let second = try scores((common + rare).map(\.1))
    #expect(try LateFusion.bestWeight(first, second, by: .top1) == 0.5)
    #expect(try LateFusion.bestWeight(first, second, by: .meanClassAccuracy) == 0.75)
  }
}
