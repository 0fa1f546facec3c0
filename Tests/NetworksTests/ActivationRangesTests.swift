import Networks
import Testing

@Suite struct `Activation ranges` {
  private let graph: NetworkGraph

  init() throws { graph = try StudentNetwork(classes: 5).graph() }

  @Test func `concatenated layers share a range, and a maximum has its input's range`() {
    func ranged(_ name: String) -> String {
      graph.nodes[graph.rangedNodes[graph.nodes.firstIndex { $0.name == name } ?? 0]].name
    }
    for branch in ["b0", "b1b", "b2b", "b3b"] { #expect(ranged("Mixed_4c." + branch) == "Mixed_4c") }
    for own in ["b1a", "b2a"] { #expect(ranged("Mixed_4c." + own) == "Mixed_4c." + own) }
    #expect(ranged("Mixed_4c.b3a") == "Mixed_4b")
    #expect(ranged("MaxPool3d_2a_3x3") == "Conv3d_1a_7x7")
    #expect(graph.rangedEndpoints.count == 3 + 9 * 3)
    #expect(!graph.rangedEndpoints.contains("StepLogits"))
  }

  @Test func `a refused calibration names missing and invalid ranges`() {
    var ranges = ActivationRanges(
      largest: Dictionary(uniqueKeysWithValues: graph.rangedEndpoints.map { ($0, Float(3)) }))
    #expect(ranges.fault(for: graph) == nil)
    ranges.exactModules = 10
    #expect(ranges.fault(for: graph) == "exactModules is 10")
    ranges.largest["Mixed_3b"] = -.infinity
    #expect(ranges.fault(for: graph) == "Mixed_3b is -inf")
    ranges.largest["Mixed_3b"] = nil
    #expect(ranges.fault(for: graph) == "Mixed_3b is missing")
  }
}
