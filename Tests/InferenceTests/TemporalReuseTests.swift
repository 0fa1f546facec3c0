import Networks
import Testing

@testable import Inference

@Suite struct `Temporal reuse` {
  private func graph(frames: Int = 64) throws -> NetworkGraph {
    try StudentNetwork(frames: frames, classes: 5).graph()
  }

  private func frames(_ ranges: [Range<Int>]) -> Int { ranges.reduce(0) { $0 + $1.count } }

  /// The number of frames not affected by padding in a window of 64, from methods.md 1.3.
  @Test(arguments: [
    ("Conv3d_1a_7x7", 1..<30), ("MaxPool3d_2a_3x3", 1..<30), ("Conv3d_2b_1x1", 1..<30), ("Conv3d_2c_3x3", 2..<29),
    ("MaxPool3d_3a_3x3", 2..<29), ("Mixed_3b", 3..<28), ("Mixed_3c", 4..<27), ("MaxPool3d_4a_3x3", 2..<13),
    ("Mixed_4b", 3..<12), ("Mixed_4c", 4..<11), ("Mixed_4d", 5..<10), ("Mixed_4e", 6..<9), ("Mixed_4f", 7..<8),
    ("MaxPool3d_5a_2x2", 0..<0), ("Mixed_5b", 0..<0), ("NonLocal", 0..<0),
  ])
  func `frames not affected by padding are those of the published network`(layer: String, expected: Range<Int>) throws {
    let graph = try graph()
    let reuse = TemporalReuse(graph, hop: 8, shift: 8)
    let index = try #require(graph.nodes.firstIndex { $0.name == layer })
    let inner = reuse.layers[index].reusable
    #expect(expected.isEmpty ? inner.isEmpty : inner == expected)
  }

  @Test func `a hop of 8 computes the expected frames of each layer`() throws {
    let graph = try graph()
    let reuse = TemporalReuse(graph, hop: 8, shift: 8)
    for (name, count) in [
      ("Conv3d_1a_7x7", 7), ("Conv3d_2c_3x3", 9), ("Mixed_3b", 11), ("Mixed_3c", 13), ("MaxPool3d_4a_3x3", 7),
      ("Mixed_4b", 9), ("Mixed_4c", 11), ("Mixed_4d", 13), ("Mixed_4f", 16), ("Mixed_5c", 8),
    ] {
      let index = try #require(graph.nodes.firstIndex { $0.name == name })
      #expect(frames(reuse.layers[index].computed) == count, "\(name)")
    }
  }

  @Test func `layers whose stride does not divide the hop are computed whole`() throws {
    let graph = try graph()
    let reuse = TemporalReuse(graph, hop: 2, shift: 2)
    for (layer, node) in zip(reuse.layers, graph.nodes) where layer.scale > 2 {
      #expect(!layer.isKept && layer.computed == [0..<node.shape.extent.frames], "\(node.name)")
    }
    #expect(TemporalReuse(graph, hop: 3, shift: 3).layers.allSatisfy { !$0.isKept })
  }

  @Test func `a window without reuse computes every frame`() throws {
    let graph = try graph()
    for hop in [nil, 8] {
      let reuse = TemporalReuse(graph, hop: hop, shift: nil)
      for (layer, node) in zip(reuse.layers, graph.nodes) where node.name != StudentNetwork.Endpoint.input {
        #expect(layer.computed == [0..<node.shape.extent.frames], "\(node.name)")
      }
    }
  }

  /// Every frame that a layer reads from another is computed there or was kept.
  @Test(arguments: [2, 4, 6, 8, 12, 16, 24, 32], [16, 32, 64, 72])
  func `temporal reuse reads only frames that exist`(shift: Int, length: Int) throws {
    let graph = try graph(frames: length)
    let reuse = TemporalReuse(graph, hop: shift, shift: shift)
    let windows = graph.frameWindows
    for (index, node) in graph.nodes.enumerated() {
      for frames in reuse.layers[index].computed {
        for input in node.inputs {
          let read = windows[index].reads(frames, of: graph.nodes[input].shape.extent.frames).frames
          let layer = reuse.layers[input]
          let steps = shift / layer.scale
          for frame in read {
            let wasKept = layer.isKept && layer.reusable.contains(frame) && layer.reusable.contains(frame + steps)
            #expect(wasKept || layer.computed.contains { $0.contains(frame) }, "\(node.name) reads \(frame)")
          }
        }
      }
    }
  }
}
