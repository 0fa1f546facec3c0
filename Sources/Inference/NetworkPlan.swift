import COneDNN
import Networks

/// A network as the steps that compute it, with the memory they share.
///
/// Built once; running it only walks `steps`. Activations are dense with channels innermost: a convolution that reads
/// or writes a channel slice of a wider tensor would fall to oneDNN's reference code, so branches write tensors of
/// their own and one pass joins them.
struct NetworkPlan {
  /// One pass over memory or one oneDNN operation.
  struct Step {
    enum Action {
      case pack(odn_packing)
      case kernel(Kernel)
      case winograd(WinogradConvolution)
      /// Joins the sources along channels.
      case concatenate
      /// Copies the source to the destination, to which the next step adds.
      case copy
    }

    let layer: String
    let action: Action
    let sources: [Int]
    let destination: Int
    /// Products of the plain algorithm, including those with the packed stem's zeros.
    let multiplyAccumulates: Int

    /// Working memory while it runs.
    var scratchBytes: Int {
      switch action {
      case .kernel(let kernel): kernel.scratchBytes
      case .winograd(let convolution): convolution.scratchBytes
      case .pack, .concatenate, .copy: 0
      }
    }

    /// Weights it keeps.
    var constantBytes: Int {
      switch action {
      case .kernel(let kernel): kernel.constantBytes
      case .winograd(let convolution): convolution.constantBytes
      case .pack, .concatenate, .copy: 0
      }
    }

    /// What computes it.
    var implementation: String {
      switch action {
      case .kernel(let kernel): kernel.implementation
      case .winograd(let convolution): convolution.implementation
      case .pack, .concatenate, .copy: "movement"
      }
    }
  }

  private(set) var steps: [Step] = []
  private(set) var tensors: [Tensor] = []
  /// Tensors by endpoint name.
  private(set) var endpoints: [String: Int] = [:]
  /// The network's result, [positions, classes].
  private(set) var result = 0

  private let graph: NetworkGraph
  private let scalars: [Tensor.Scalar]
  private let threads: Int

  /// Chooses kernels and loads weights.
  ///
  /// - Parameters:
  ///   - graph: the network; its first node is the clip, read by one convolution.
  ///   - parameters: where weights come from.
  ///   - scalar: the trunk's number format. The attention block, whose unscaled softmax is sensitive, the modules before
  ///     it and the head stay in float32.
  ///   - threads: how many compute.
  /// - Throws: `InferenceError` for a tensor that is missing, a kernel that would be slow or a graph of another form.
  init(_ graph: NetworkGraph, parameters: some ParameterSource, scalar: Tensor.Scalar, threads: Int)
    throws(InferenceError)
  {
    self.graph = graph
    self.threads = threads
    scalars = Self.scalars(of: graph, trunk: scalar)
    var outputs: [Int] = []
    for node in graph.nodes {
      let sources = node.inputs.map { outputs[$0] }
      let output = try append(node, index: outputs.count, from: sources, parameters: parameters)
      endpoints[node.name] = output
      outputs.append(output)
    }
    result = outputs.last ?? 0
  }

  /// For each tensor the steps, first to last, that write or read it; the result is read after the last step.
  var lives: [ClosedRange<Int>] {
    var lives: [ClosedRange<Int>?] = Array(repeating: nil, count: tensors.count)
    for (index, step) in steps.enumerated() {
      for tensor in step.sources + [step.destination] { lives[tensor] = (lives[tensor]?.lowerBound ?? index)...index }
    }
    lives[result] = (lives[result]?.lowerBound ?? 0)...steps.count
    return lives.map { $0 ?? 0...0 }
  }

  /// Inception modules before an attention block that are float32 whatever the trunk is.
  ///
  /// The unscaled softmax multiplies every rounding before it. With none of them its map is 3 % off in bfloat16, with
  /// three 2.6 %, with five 2.0 %, with six 1.4 %; they are a sixth of the work.
  private static let exactModules = 6

  /// The format of each node's output: the trunk's up to the layers that want float32 inputs.
  private static func scalars(of graph: NetworkGraph, trunk: Tensor.Scalar) -> [Tensor.Scalar] {
    var scalars = Array(repeating: trunk, count: graph.nodes.count)
    if graph.nodes.contains(where: { if case .nonLocal = $0.operation { true } else { false } }) {
      let modules = graph.nodes.indices.filter { graph.nodes[$0].operation == .concatenate }
      let first = modules.dropLast(exactModules).last.map { $0 + 1 } ?? 0
      for index in first..<graph.nodes.count { scalars[index] = .f32 }
    }
    for (index, node) in graph.nodes.enumerated().reversed() {
      switch node.operation {
      case .nonLocal, .averagePool, .stepClassifier, .meanOverSteps:
        scalars[index] = .f32
        for input in node.inputs { scalars[input] = .f32 }
      case .concatenate, .maxPool: for input in node.inputs { scalars[input] = scalars[index] }
      case .input, .convolution: break
      }
    }
    // What follows a float32 tensor is float32.
    for (index, node) in graph.nodes.enumerated() where node.inputs.contains(where: { scalars[$0] == .f32 }) {
      scalars[index] = .f32
    }
    return scalars
  }

  private mutating func append(
    _ node: NetworkGraph.Node, index: Int, from sources: [Int], parameters: some ParameterSource
  ) throws(InferenceError) -> Int {
    let output = Tensor(shape: node.shape, scalar: scalars[index])
    switch node.operation {
    case .input:
      guard let layer = stem(reading: index) else {
        throw .network(reason: "the clip must be read by one convolution and nothing else")
      }
      let packing = PixelPacking(layer, picture: node.shape.extent, scalar: scalars[index])
      return add(node.name, .pack(packing.description), from: [], to: packing.tensor)
    case .convolution(let layer):
      var folded = try FoldedWeights(
        weight: layer.weight, bias: layer.bias, normalization: layer.normalization, from: parameters)
      let picture = graph.nodes[node.inputs[0]]
      if WinogradConvolution.suits(layer) {
        let fast = try WinogradConvolution(
          node.name, layer, from: tensors[sources[0]], to: output, folded, threads: threads)
        return add(
          node.name, .winograd(fast), from: sources, to: output, work: NetworkGraph.multiplyAccumulates(node))
      }
      var window = odn_window(
        layer.kernel, stride: layer.stride, padding: layer.padded(picture.shape.extent).padding)
      if case .input = picture.operation {
        let packing = PixelPacking(layer, picture: picture.shape.extent, scalar: output.scalar)
        window = packing.window
        folded.weights = packing.weights(folded.weights)
      }
      return try convolve(
        node.name, from: sources[0], to: output, window, finish: layer.hasReLU ? ODN_RELU : ODN_AS_IS, folded)
    case .maxPool(let layer):
      let window = odn_window(
        layer.kernel, stride: layer.stride, padding: layer.padded(tensors[sources[0]].shape.extent).padding)
      return try maxPool(node.name, from: sources[0], to: output, window)
    case .concatenate: return add(node.name, .concatenate, from: sources, to: output)
    case .nonLocal(let block): return try attend(node.name, block, from: sources[0], parameters)
    case .averagePool(let window):
      return try averagePool(node.name, from: sources[0], to: output, window: window)
    case .stepClassifier(let layer):
      // Row-major [K, K · steps] with class-major columns is the weight [K, K, steps, 1, 1] of a temporal convolution.
      let weights = try FoldedWeights(
        weight: layer.weight, bias: layer.bias, normalization: nil, from: parameters)
      return try convolve(
        node.name, from: sources[0], to: output, odn_window(Extent(layer.steps, 1, 1)), finish: ODN_AS_IS, weights)
    case .meanOverSteps:
      let steps = tensors[sources[0]].shape.extent
      return try averagePool(node.name, from: sources[0], to: output, window: steps)
    }
  }

  private func stem(reading input: Int) -> Convolution3D? {
    let readers = graph.nodes.indices.filter { graph.nodes[$0].inputs.contains(input) }
    guard readers.count == 1, case .convolution(let layer) = graph.nodes[readers[0]].operation else { return nil }
    return layer
  }

  /// The Non-Local block, in float32: queries, keys and values as matrices of one row a position.
  private mutating func attend(
    _ name: String, _ block: NonLocalBlock, from input: Int, _ parameters: some ParameterSource
  ) throws(InferenceError) -> Int {
    let extent = tensors[input].shape.extent
    let keyExtent = block.keyExtent(extent)
    func embedded(_ extent: Extent) -> Tensor {
      Tensor(shape: ActivationShape(channels: block.inner, extent: extent), scalar: .f32)
    }
    func folded(_ layer: [ParameterDescription], _ normalization: BatchNormalization? = nil) throws(InferenceError)
      -> FoldedWeights
    {
      try FoldedWeights(weight: layer[0], bias: layer[1], normalization: normalization, from: parameters)
    }
    let point = odn_window(Extent(1))
    let queries = try convolve(
      name, from: input, to: embedded(extent), point, finish: ODN_AS_IS, try folded(block.theta))
    var keys = try convolve(name, from: input, to: embedded(extent), point, finish: ODN_AS_IS, try folded(block.phi))
    var values = try convolve(name, from: input, to: embedded(extent), point, finish: ODN_AS_IS, try folded(block.g))
    if block.subSampled {
      let window = odn_window(Extent(1, 2, 2), stride: Extent(1, 2, 2))
      keys = try maxPool(name, from: keys, to: embedded(keyExtent), window)
      values = try maxPool(name, from: values, to: embedded(keyExtent), window)
    }

    let scores = try multiply(
      name, queries, keys, transposed: true, rows: extent.count, inner: block.inner, columns: keyExtent.count,
      to: .matrix(rows: extent.count, columns: keyExtent.count))
    let softmax = try Kernel.softmax(name, rows: extent.count, columns: keyExtent.count)
    let attention = add(name, .kernel(softmax), from: [scores], to: tensors[scores])
    endpoints[name + ".attention"] = attention
    let attended = try multiply(
      name, attention, values, transposed: false, rows: extent.count, inner: keyExtent.count, columns: block.inner,
      to: embedded(extent))

    let output = add(name, .copy, from: [input], to: tensors[input])
    return try convolve(
      name, from: attended, to: tensors[output], into: output, point, finish: ODN_ADD_TO_DESTINATION,
      try folded(block.output, block.normalization))
  }

  // MARK: Steps

  private mutating func convolve(
    _ name: String, from source: Int, to output: Tensor, into existing: Int? = nil, _ window: odn_window,
    finish: odn_finish, _ folded: FoldedWeights
  ) throws(InferenceError) -> Int {
    let kernel = try Kernel.convolution(name, from: tensors[source], to: output, window, finish: finish)
    try kernel.load(weights: folded.weights, scales: folded.scales, bias: folded.bias)
    return add(
      name, .kernel(kernel), from: [source], to: output, into: existing,
      work: folded.weights.count * output.shape.extent.count)
  }

  private mutating func maxPool(
    _ name: String, from source: Int, to output: Tensor, _ window: odn_window
  ) throws(InferenceError) -> Int {
    add(
      name, .kernel(try Kernel.maxPool(name, from: tensors[source], to: output, window)), from: [source], to: output)
  }

  private mutating func averagePool(
    _ name: String, from source: Int, to output: Tensor, window: Extent
  ) throws(InferenceError) -> Int {
    let kernel = try Kernel.averagePool(name, from: tensors[source], to: output, window: window)
    return add(name, .kernel(kernel), from: [source], to: output)
  }

  private mutating func multiply(
    _ name: String, _ left: Int, _ right: Int, transposed: Bool, rows: Int, inner: Int, columns: Int, to output: Tensor
  ) throws(InferenceError) -> Int {
    let kernel = try Kernel.product(name, rows: rows, inner: inner, columns: columns, transposed: transposed)
    return add(name, .kernel(kernel), from: [left, right], to: output, work: rows * inner * columns)
  }

  private mutating func add(
    _ layer: String, _ action: Step.Action, from sources: [Int], to tensor: Tensor, into existing: Int? = nil,
    work: Int = 0
  ) -> Int {
    if existing == nil { tensors.append(tensor) }
    let destination = existing ?? tensors.count - 1
    steps.append(
      Step(layer: layer, action: action, sources: sources, destination: destination, multiplyAccumulates: work))
    return destination
  }
}
