import Foundation
import Golden
import Networks
import Testing

@Suite struct `Golden recording` {
  @Test func `the formula gives the golden file's inputs`() throws {
    let file = try GoldenFile.embedded()
    let entry = try #require(file.entries.first { $0.name == "student_T16_K31" })
    let input = try #require(entry.tensors.first { $0.name == "input" })
    let check = try #require(StudentCheck.all(in: file).checks.first { $0.name == entry.name })
    #expect(try #require(Comparison(check.input(), with: input.statistics)).error < 1e-6)
  }

  @Test func `weights follow the formula for their name`() {
    func range(_ name: String, _ shape: [Int]) -> ClosedRange<Float> {
      let values = FormulaWeights(seed: 1).values(of: ParameterDescription(name, shape))
      return (values.min() ?? 0)...(values.max() ?? 0)
    }
    #expect((0.5...1.5).contains(range("a.bn.running_var", [900]).lowerBound))
    #expect(range("a.bn.running_var", [900]).upperBound > 1.4)
    #expect(range("a.bn.running_mean", [900]).upperBound <= 0.2)
    #expect(range("a.bias", [900]).upperBound <= 0.1)
    #expect(range("a.bn.weight", [900]).lowerBound >= 0.8)
    let full = range("a.weight", [30, 6]).upperBound
    #expect((0.9...1).contains(full))
    #expect(range("x.theta.weight", [30, 6]).upperBound <= 0.03125)
  }

  @Test func `students are checked and the offline networks are listed`() throws {
    let (checks, others) = try StudentCheck.all(in: .embedded())
    #expect(checks.map(\.name) == ["student_T16_K31", "student_T64_K31"])
    #expect(checks.map(\.network.frames) == [16, 64])
    #expect(others.count == 4)
  }

  @Test(arguments: [
    (#"["#, "is not a golden recording"),
    (#"{"student": {}}"#, "seed is missing or not a whole number"),
    (#"{"seed": 1.5}"#, "seed is missing or not a whole number"),
    (#"{"seed": 1, "a": 3}"#, "a is not a list of tensors"),
    (
      #"{"seed": 1, "a": {"b": {"shape": [2], "mean": 0, "std": 1, "l2": 1, "stride": 2, "samples": [1, 2]}}}"#,
      "a.b.samples do not fit its shape"
    ),
    (
      #"{"seed": 1, "a": {"b": {"shape": [-2], "mean": 0, "std": 1, "l2": 1, "stride": 2, "samples": [1]}}}"#,
      "a.b.shape is not a valid shape"
    ),
    (
      #"{"seed": 1, "a": {"b": {"shape": [4611686018427387904, 4], "mean": 0, "std": 1, "l2": 1, "stride": 1, "samples": []}}}"#,
      "a.b.shape is not a valid shape"
    ),
    (#"{"seed": 1, "a": {"b": {"shape": [2], "samples": [1]}}}"#, "is not a golden recording"),
  ])
  func `a bad recording is refused with what is wrong in it`(json: String, reason: String) {
    let error = #expect(throws: GoldenError.self) { try GoldenFile(json: Data(json.utf8), name: "x.json") }
    #expect(error?.description.hasPrefix("x.json is not a golden recording: ") == true)
    #expect(error?.description.contains(reason) == true)
  }

  @Test func `a student entry without logits is refused`() throws {
    let file = try GoldenFile(json: Data(#"{"seed": 1, "student_X": {"logits": [1, 2]}}"#.utf8), name: "x.json")
    #expect(throws: GoldenError.self) { try StudentCheck.all(in: file) }
  }
}

@Suite struct `Comparison with a recording` {
  private let recorded = GoldenFile.Statistics(
    shape: [2, 2], mean: 2.5, std: 1.118_033_988_75, l2: 5.477_225_575, stride: 2, samples: [1, 3])

  @Test func `equal values have no error in a golden comparison`() throws {
    #expect(try #require(Comparison([1, 2, 3, 4], with: recorded)).error < 1e-7)
  }

  @Test func `a golden comparison detects a wrong sample`() throws {
    #expect(try #require(Comparison([1, 2, 3.1, 4], with: recorded)).sampleError > 0.03)
  }

  @Test func `a wrong value between samples is detected in the statistics`() throws {
    let comparison = try #require(Comparison([1, 2.5, 3, 4], with: recorded))
    #expect(comparison.sampleError == 0)
    #expect(comparison.statisticsError > 0.03)
  }

  @Test func `NaN gives an infinite error in a golden comparison`() throws {
    #expect(try #require(Comparison([.nan, 2, 3, 4], with: recorded)).error == .infinity)
    #expect(!(try #require(Comparison([1, .nan, 3, 4], with: recorded)).error <= 1))
  }

  @Test func `a golden comparison refuses a different number of values`() {
    #expect(Comparison([1, 2, 3], with: recorded) == nil)
  }
}
