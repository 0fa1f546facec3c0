import Foundation
import Networks
import Testing

@Suite struct `SAME padding` {
  @Test(arguments: [
    (size: 224, kernel: 7, stride: 2, front: 2, back: 3, output: 112),
    (size: 112, kernel: 3, stride: 2, front: 0, back: 1, output: 56),
    (size: 28, kernel: 3, stride: 2, front: 0, back: 1, output: 14),
    (size: 15, kernel: 3, stride: 2, front: 1, back: 1, output: 8),
    (size: 7, kernel: 2, stride: 2, front: 0, back: 1, output: 4),
    (size: 8, kernel: 1, stride: 1, front: 0, back: 0, output: 8),
  ])
  func `SAME padding follows the table of TensorFlow's rule`(
    size: Int, kernel: Int, stride: Int, front: Int, back: Int, output: Int
  ) {
    let padded = SamePadding.along(size: size, kernel: kernel, stride: stride)
    #expect(padded == (front, back, output))
  }
}

@Suite struct `Student network` {
  @Test func `the trunk has the published number of parameters and MACs`() throws {
    let trunk = try StudentNetwork(classes: 31).graph().prefix(through: "Mixed_5c")
    #expect(trunk.parameterCount == 12_287_264)
    #expect(trunk.multiplyAccumulates == 111_150_276_608)
    let convolutions = trunk.nodes.filter { if case .convolution = $0.operation { true } else { false } }
    #expect(convolutions.count == 57)
  }

  @Test func `the whole student has the published number of parameters`() throws {
    #expect(try StudentNetwork(classes: 31).graph().parameterCount == 14_427_557)
    #expect(
      try StudentNetwork(classes: 400, nonLocal: .none, head: .meanOverSteps).graph().parameterCount == 12_697_264)
  }

  @Test func `the Non-Local block has the published number of parameters and MACs`() throws {
    for (variant, expected) in [(StudentNetwork.NonLocal.subSampled, 850_984_960), (.full, 979_435_520)] {
      let graph = try StudentNetwork(classes: 31, nonLocal: variant).graph()
      let node = try #require(graph.node(named: "NonLocal"))
      #expect(NetworkGraph.multiplyAccumulates(node) == expected)
    }
  }

  @Test(arguments: [
    ("Conv3d_1a_7x7", 64, 32, 112), ("MaxPool3d_2a_3x3", 64, 32, 56), ("Conv3d_2c_3x3", 192, 32, 56),
    ("MaxPool3d_3a_3x3", 192, 32, 28), ("Mixed_3b", 256, 32, 28), ("Mixed_3c", 480, 32, 28),
    ("MaxPool3d_4a_3x3", 480, 16, 14), ("Mixed_4b", 512, 16, 14), ("Mixed_4e", 528, 16, 14), ("Mixed_4f", 832, 16, 14),
    ("MaxPool3d_5a_2x2", 832, 8, 7), ("Mixed_5c", 1024, 8, 7), ("NonLocal", 1024, 8, 7),
  ])
  func `the student's endpoints have the published shapes`(name: String, channels: Int, frames: Int, side: Int) throws {
    let node = try #require(StudentNetwork(classes: 31).graph().node(named: name))
    #expect(node.shape == ActivationShape(channels: channels, extent: Extent(frames, side, side)))
  }

  @Test func `the student's tensors have the published names and shapes`() throws {
    let parameters = try Dictionary(
      uniqueKeysWithValues: StudentNetwork(classes: 31).graph().parameters.map { ($0.name, $0.shape) })
    #expect(parameters["Mixed_3b.b1b.conv3d.weight"] == [128, 96, 3, 3, 3])
    #expect(parameters["Mixed_5c.b3b.conv3d.weight"] == [128, 832, 1, 1, 1])
    #expect(parameters["Conv3d_1a_7x7.bn.running_var"] == [64])
    #expect(parameters["fuse_att_fc.g.0.weight"] == [512, 1024, 1, 1, 1])
    #expect(parameters["fuse_att_fc.theta.bias"] == [512])
    #expect(parameters["fuse_att_fc.W.1.running_mean"] == [1024])
    #expect(parameters["logits.conv3d.bias"] == [31])
    #expect(parameters["fc.weight"] == [31, 217])
    #expect(parameters.count == 57 * 5 + 12 + 2 + 2)
    let full = try StudentNetwork(classes: 31, nonLocal: .full).graph().parameters.map(\.name)
    #expect(full.contains("fuse_att_fc.g.weight") && !full.contains("fuse_att_fc.g.0.weight"))
  }

  @Test func `the head slides over a clip longer than its own`() throws {
    let network = try StudentNetwork(classes: 31)
    #expect(try network.graph(frames: 96).node(named: "logits")?.shape.extent.frames == 5)
    #expect(
      throws: NetworkError.outOfRange(
        field: "frames", value: "32", allowed: "at least 64, which this model's fc layer spans")
    ) { try network.graph(frames: 32) }
  }

  @Test(arguments: [(112, 4), (160, 5), (224, 7), (320, 10)])
  func `the network pools the whole map at other input sizes`(size: Int, side: Int) throws {
    let graph = try StudentNetwork(classes: 31).graph(size: size)
    #expect(graph.node(named: "Mixed_5c")?.shape.extent == Extent(8, side, side))
    #expect(graph.node(named: "AvgPool")?.shape == ActivationShape(channels: 1024, extent: Extent(7, 1, 1)))
  }

  @Test func `narrow networks have multiples of eight channels`() throws {
    let graph = try StudentNetwork(width: WidthMultiplier(0.125), frames: 16, size: 112, classes: 5).graph()
    #expect(graph.node(named: "Mixed_5c")?.shape.channels == 128)
    #expect(graph.nodes.dropFirst().dropLast(2).allSatisfy { $0.shape.channels % 8 == 0 })
  }

  @Test func `a network description survives JSON and refuses values out of range`() throws {
    let network = try StudentNetwork(
      width: WidthMultiplier(0.5), frames: 32, size: 160, classes: 7, nonLocal: .full, head: .meanOverSteps)
    let json = try JSONEncoder().encode(network)
    #expect(try JSONDecoder().decode(StudentNetwork.self, from: json) == network)
    let bad = Data(
      #"{"architecture":"i3d","width":1,"frames":60,"size":224,"classes":31,"non_local":"none","head":"fc"}"#.utf8)
    #expect(throws: NetworkError.outOfRange(field: "frames", value: "60", allowed: "a multiple of 8 from 16 to 512")) {
      try JSONDecoder().decode(StudentNetwork.self, from: bad)
    }
  }
}
