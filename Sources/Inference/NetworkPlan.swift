import COneDNN
import Networks

/// A network as the steps that compute a window, with the memory they share.
///
/// Built once; running it just walks through `steps`. Activations are dense with channels innermost. A convolution that
/// reads or writes a channel slice of a wider tensor would fall back to oneDNN's reference code, so branches write
/// separate tensors and one pass joins them. A range of frames, however, is one block of memory, and a step may cover
/// just that.
struct NetworkPlan {
  /// A tensor, from one of its frames on.
  struct Place {
    var tensor: Int
    var firstFrame = 0
  }

  /// One pass over memory or one oneDNN operation.
  struct Step {
    /// What the step computes.
    enum Action {
      case pack(odn_packing)
      case kernel(Kernel)
      case winograd(WinogradConvolution)
      /// Joins the sources along channels.
      case concatenate(positions: Int)
      /// Copies the source to the destination, for the next step to add to.
      case copy
    }

    let layer: String
    let action: Action
    let sources: [Place]
    let destination: Place
    /// Products of the direct algorithm, including those with the packed stem's zeros.
    let multiplyAccumulates: Int

    /// Working memory needed while running.
    var scratchBytes: Int {
      switch action {
      case .kernel(let kernel): kernel.scratchBytes
      case .winograd(let convolution): convolution.scratchBytes
      case .pack, .concatenate, .copy: 0
      }
    }

    /// The name of the kernel.
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
  /// The node of each tensor that is kept from window to window.
  private(set) var kept: [Int: Int] = [:]
  /// For each node, the number of steps up to and including its last.
  private(set) var stepEnds: [Int] = []
  /// Tensors by endpoint name; for a layer computed in parts, the first.
  var endpoints: [String: Int] = [:]
  /// The network's result, [positions, classes].
  private(set) var result = 0

  private let graph: NetworkGraph
  private let layers: [LayerFrames]
  private let numbers: Numbers
  let weights: PackedWeights
  private let threads: Int
  /// For each node, which frames exist, and where.
  private var outputs: [[(frames: Range<Int>, tensor: Int)]] = []

  /// Chooses kernels and loads weights.
  ///
  /// - Parameters:
  ///   - graph: the network; its first node is the clip, read by one convolution.
  ///   - layers: which frames of each layer are computed.
  ///   - parameters: the source of the weights.
  ///   - weights: packed weights, shared with other plans of this network.
  ///   - numbers: the number format of each node's output.
  ///   - threads: the number of threads that compute.
  /// - Throws: `InferenceError` if a tensor is missing, a kernel would be slow, or the graph has an unsupported form.
  init(
    _ graph: NetworkGraph, _ layers: [LayerFrames], parameters: some ParameterSource, weights: PackedWeights,
    numbers: Numbers, threads: Int
  ) throws(InferenceError) {
    self.graph = graph
    self.weights = weights
    self.numbers = numbers
    self.threads = threads
    self.layers = layers
    for (index, node) in graph.nodes.enumerated() {
      outputs.append([])
      let layer = layers[index]
      if layer.isKept {
        var whole = numbers.tensor(index, node.shape)
        whole.shape.extent.frames = layer.frames
        let tensor = make(whole).tensor
        kept[tensor] = index
        outputs[index] = [(0..<layer.frames, tensor)]
      }
      for frames in layer.computed { try append(index, frames, parameters) }
      endpoints[node.name] = outputs[index].first?.tensor
      stepEnds.append(steps.count)
    }
    result = outputs.last?.first?.tensor ?? 0
  }

  /// For each tensor, the first and last step that writes or reads it; the result is read after the last step.
  var lives: [ClosedRange<Int>] {
    var lives: [ClosedRange<Int>?] = Array(repeating: nil, count: tensors.count)
    for (index, step) in steps.enumerated() {
      for place in step.sources + [step.destination] {
        lives[place.tensor] = (lives[place.tensor]?.lowerBound ?? index)...index
      }
    }
    lives[result] = (lives[result]?.lowerBound ?? 0)...steps.count
    return lives.map { $0 ?? 0...0 }
  }

  // MARK: Layers

  /// Appends the steps that compute some frames of a node.
  private mutating func append(
    _ index: Int, _ frames: Range<Int>, _ parameters: some ParameterSource
  ) throws(InferenceError) {
    let node = graph.nodes[index]
    var output = numbers.tensor(index, node.shape)
    output.shape.extent.frames = frames.count
    switch node.operation {
    case .input:
      guard let layer = stem(reading: index) else {
        throw .network(reason: "the network's input must be read by one convolution and nothing else")
      }
      let packing = PixelPacking(layer, picture: node.shape.extent, scalar: output.scalar)
      let to = place(packing.tensor(frames.count), index, frames)
      add(node.name, .pack(packing.description(frames)), from: [], to: to)
    case .convolution(let layer):
      let (from, source, front, back) = input(index, frames)
      let picture = graph.nodes[node.inputs[0]]
      let folded = LayerWeights(
        weight: layer.weight, bias: layer.bias, normalization: layer.normalization, from: parameters)
      let to = place(output, index, frames)
      if source.scalar != .u8, WinogradConvolution.suits(layer) {
        let fast = try WinogradConvolution(
          node.name, layer, from: source, front: front, to: output, folded, weights, threads: threads)
        let work = layer.weight.count * output.shape.extent.count
        return add(node.name, .winograd(fast), from: [from], to: to, work: work)
      }
      var window = odn_window(
        layer.kernel, stride: layer.stride, padding: layer.padded(picture.shape.extent).padding)
      var packed = folded
      if case .input = picture.operation {
        let packing = PixelPacking(layer, picture: picture.shape.extent, scalar: source.scalar)
        window = packing.window
        packed = folded.map(packing.weights)
        if source.scalar == .u8 {
          packed = folded
          packed.quantize = { folded, most in packing.quantized(folded, most: most) }
        }
      }
      (window.front.frames, window.back.frames) = (Int64(front), Int64(back))
      try convolve(node.name, from, source, to, output, window, finish: layer.hasReLU ? ODN_RELU : ODN_AS_IS, packed)
    case .maxPool(let layer):
      let (from, source, front, back) = input(index, frames)
      var window = odn_window(
        layer.kernel, stride: layer.stride, padding: layer.padded(graph.nodes[node.inputs[0]].shape.extent).padding)
      (window.front.frames, window.back.frames) = (Int64(front), Int64(back))
      let kernel = try Kernel.maxPool(node.name, from: source, to: output, window)
      add(node.name, .kernel(kernel), from: [from], to: place(output, index, frames))
    case .concatenate:
      let sources = node.inputs.map { locate($0, layers[index].window.reads(frames, of: layers[$0].frames).frames) }
      let to = place(output, index, frames)
      add(node.name, .concatenate(positions: output.shape.extent.count), from: sources, to: to)
    case .nonLocal(let block):
      let (from, source, _, _) = input(index, frames)
      try attend(node.name, block, from, source, to: place(output, index, frames), parameters)
    case .averagePool(let window):
      let (from, source, _, _) = input(index, frames)
      try averagePool(node.name, from, source, to: place(output, index, frames), output, window: window)
    case .stepClassifier(let layer):
      let (from, source, _, _) = input(index, frames)
      // Row-major [K, K · steps] with class-major columns is the weight [K, K, steps, 1, 1] of a temporal convolution.
      let folded = LayerWeights(weight: layer.weight, bias: layer.bias, normalization: nil, from: parameters)
      let window = odn_window(Extent(layer.steps, 1, 1))
      try convolve(
        node.name, from, source, place(output, index, frames), output, window, finish: ODN_AS_IS, folded)
    case .meanOverSteps:
      let (from, source, _, _) = input(index, frames)
      let window = source.shape.extent
      try averagePool(node.name, from, source, to: place(output, index, frames), output, window: window)
    }
  }

  private func stem(reading input: Int) -> Convolution3D? {
    let readers = graph.nodes.indices.filter { graph.nodes[$0].inputs.contains(input) }
    guard readers.count == 1, case .convolution(let layer) = graph.nodes[readers[0]].operation else { return nil }
    return layer
  }

  // MARK: Places

  mutating func make(_ tensor: Tensor) -> Place {
    tensors.append(tensor)
    return Place(tensor: tensors.count - 1)
  }

  /// The location for some frames of a node: in the kept tensor, or in a separate one.
  private mutating func place(_ tensor: Tensor, _ node: Int, _ frames: Range<Int>) -> Place {
    if let whole = outputs[node].first, kept[whole.tensor] == node {
      return Place(tensor: whole.tensor, firstFrame: frames.lowerBound)
    }
    let place = make(tensor)
    outputs[node].append((frames, place.tensor))
    return place
  }

  /// The location of some frames of a node.
  private func locate(_ node: Int, _ frames: Range<Int>) -> Place {
    guard let part = outputs[node].first(where: { $0.frames.contains(frames.lowerBound) }),
      part.frames.upperBound >= frames.upperBound
    else { preconditionFailure("\(graph.nodes[node].name) has no frames \(frames)") }
    return Place(tensor: part.tensor, firstFrame: frames.lowerBound - part.frames.lowerBound)
  }

  /// The input that some frames of a node read, with the zeros before and after.
  private func input(_ node: Int, _ frames: Range<Int>) -> (from: Place, source: Tensor, front: Int, back: Int) {
    let input = graph.nodes[node].inputs[0]
    let read = layers[node].window.reads(frames, of: layers[input].frames)
    let from = locate(input, read.frames)
    var source = tensors[from.tensor]
    source.shape.extent.frames = read.frames.count
    return (from, source, read.front, read.back)
  }

  // MARK: Steps

  mutating func convolve(
    _ name: String, _ from: Place, _ source: Tensor, _ to: Place, _ output: Tensor, _ window: odn_window,
    finish: odn_finish, _ layer: LayerWeights
  ) throws(InferenceError) {
    let kernel: Kernel
    if source.scalar == .u8 {
      let scales = try weights.steps(of: layer).map { $0 * source.step / output.step }
      // A byte cannot be negative, so values below zero become 0 anyway.
      let finish = output.scalar == .u8 ? ODN_AS_IS : finish
      kernel = try Kernel.convolution(name, from: source, to: output, window, finish: finish, scales: scales)
      try weights.giveQuantized(layer, step: source.step, to: kernel)
    } else {
      kernel = try Kernel.convolution(name, from: source, to: output, window, finish: finish)
      try weights.give(layer, to: kernel)
    }
    let taps = Int(window.size.frames * window.size.height * window.size.width)
    add(
      name, .kernel(kernel), from: [from], to: to,
      work: taps * source.shape.channels * output.shape.channels * output.shape.extent.count)
  }

  private mutating func averagePool(
    _ name: String, _ from: Place, _ source: Tensor, to: Place, _ output: Tensor, window: Extent
  ) throws(InferenceError) {
    add(name, .kernel(try Kernel.averagePool(name, from: source, to: output, window: window)), from: [from], to: to)
  }

  mutating func multiply(
    _ name: String, _ left: Place, _ right: Place, plus bias: Place? = nil, transposed: Bool, rows: Int, inner: Int,
    columns: Int, to: Place
  ) throws(InferenceError) {
    let kernel = try Kernel.product(
      name, rows: rows, inner: inner, columns: columns, transposed: transposed, hasBias: bias != nil)
    let sources = [left, right] + (bias.map { [$0] } ?? [])
    add(name, .kernel(kernel), from: sources, to: to, work: rows * inner * columns)
  }

  mutating func add(
    _ layer: String, _ action: Step.Action, from sources: [Place], to destination: Place, work: Int = 0
  ) {
    steps.append(
      Step(layer: layer, action: action, sources: sources, destination: destination, multiplyAccumulates: work))
  }
}
