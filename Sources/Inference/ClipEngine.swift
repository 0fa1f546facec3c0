import COneDNN
package import Networks

/// Recomputes the whole network on every clip: the reference that other ways of running are compared with.
///
/// Used by one thread at a time, always the same one if its OpenMP threads are to be reused. Running allocates nothing
/// but the returned logits.
@safe package final class ClipEngine {
  package let graph: NetworkGraph
  /// The format that runs: `auto` resolved.
  package let precision: Precision
  /// Cores it computes on.
  package let threads: Int
  /// Activations, weights and working memory.
  package let memoryBytes: Int

  private let plan: NetworkPlan
  private let arena: AlignedMemory
  private let addresses: [UnsafeMutableRawPointer]
  private let joints: [Int: Joint]

  /// What one concatenation reads, ready for the shim.
  @safe private struct Joint {
    var parts: [UnsafeRawPointer?]
    var partBytes: [Int64]
  }

  /// Plans kernels and memory and loads the weights.
  ///
  /// - Parameters:
  ///   - network: what to run.
  ///   - frames: length of the clips; the network's own when nil. A longer one gives several head positions.
  ///   - size: height and width of the clips in pixels; the network's own when nil.
  ///   - parameters: the weights.
  ///   - precision: number format of the trunk.
  ///   - threads: cores to use, at most as many as this process may use.
  ///   - keepingEndpoints: keeps every layer's output for `values(of:)`; takes several times the memory.
  /// - Throws: `InferenceError`, whose text names the setting to change.
  package init(
    network: StudentNetwork, frames: Int? = nil, size: Int? = nil, parameters: some ParameterSource,
    precision: Precision = .auto, threads: Int, keepingEndpoints: Bool = false
  ) throws(InferenceError) {
    do { graph = try network.graph(frames: frames, size: size) } catch { throw .network(reason: "\(error)") }
    self.precision = try precision.resolved()
    let threads = Int(odn_set_threads(Int32(threads)))
    self.threads = threads
    let plan = try NetworkPlan(
      graph, parameters: parameters, scalar: self.precision == .bf16 ? .bf16 : .f32, threads: threads)

    var reservations = plan.lives.enumerated().map { (index, life) in
      MemoryPlan.Reservation(
        byteCount: plan.tensors[index].byteCount, life: keepingEndpoints ? 0...plan.steps.count : life)
    }
    for (index, step) in plan.steps.enumerated() {
      reservations.append(.init(byteCount: step.scratchBytes, life: index...index))
    }
    let memory = MemoryPlan(reservations)
    let arena = try AlignedMemory(byteCount: memory.byteCount)
    let addresses = unsafe memory.offsets.map { unsafe arena.base + $0 }

    var joints: [Int: Joint] = [:]
    for (index, step) in plan.steps.enumerated() {
      let scratch = unsafe addresses[plan.tensors.count + index]
      switch step.action {
      case .pack, .copy: break
      case .concatenate:
        joints[index] = unsafe Joint(
          parts: unsafe step.sources.map { unsafe UnsafeRawPointer(addresses[$0]) },
          partBytes: step.sources.map { Int64(plan.tensors[$0].shape.channels * plan.tensors[$0].scalar.byteCount) })
      case .kernel(let kernel):
        try unsafe kernel.bind(.source, to: addresses[step.sources[0]])
        if step.sources.count > 1 { try unsafe kernel.bind(.weights, to: addresses[step.sources[1]]) }
        try unsafe kernel.bind(.destination, to: addresses[step.destination])
        if kernel.scratchBytes > 0 { try unsafe kernel.bind(.scratchpad, to: scratch) }
      case .winograd(let convolution):
        try unsafe convolution.bind(
          source: addresses[step.sources[0]], destination: addresses[step.destination], scratch: scratch)
      }
    }
    self.plan = plan
    self.arena = arena
    unsafe self.addresses = unsafe addresses
    self.joints = joints
    memoryBytes = plan.steps.reduce(memory.byteCount) { $0 + $1.constantBytes }
  }

  /// Number of values a clip has: 3 · T · H · W.
  package var clipCount: Int { graph.nodes[0].shape.count }

  /// Logits of a clip of pixels.
  ///
  /// - Parameter pixels: T x H x W x 3 bytes, RGB interleaved; a byte x stands for x / 127.5 - 1.
  /// - Returns: K logits for each head position.
  /// - Throws: `InferenceError.clipSize` for a clip of another size.
  package func run(pixels: Span<UInt8>) throws(InferenceError) -> [[Float]] {
    try check(pixels.count)
    return try unsafe pixels.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
      try unsafe run(.pixels(buffer))
    }
  }

  /// Logits of a clip of normalised values.
  ///
  /// - Parameter values: 3 x T x H x W values in [-1, 1].
  /// - Returns: K logits for each head position.
  /// - Throws: `InferenceError.clipSize` for a clip of another size.
  package func run(normalized values: Span<Float>) throws(InferenceError) -> [[Float]] {
    try check(values.count)
    return try unsafe values.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
      try unsafe run(.floats(buffer))
    }
  }

  /// Seconds that each step of one run took, in order: the layer, what computed it, and the time.
  package func profile(pixels: Span<UInt8>) throws(InferenceError) -> [StepTime] {
    try check(pixels.count)
    var times: [StepTime] = []
    _ = try unsafe pixels.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
      try unsafe run(.pixels(buffer)) { times.append($0) }
    }
    return times
  }

  /// How long one step took.
  package struct StepTime: Sendable {
    package let layer: String
    package let kernel: String
    package let duration: Duration
    /// Products of the plain algorithm; 0 for what only moves values.
    package let multiplyAccumulates: Int
  }

  /// What an endpoint held after the last run, in NCTHW order; nil when the network has no such endpoint.
  ///
  /// Only meaningful for an engine made with `keepingEndpoints`, or for the logits. `NonLocal.attention` is the softmax
  /// map [queries, keys].
  package func values(of endpoint: String) throws(InferenceError) -> [Float]? {
    guard endpoint != StudentNetwork.Endpoint.input, let index = plan.endpoints[endpoint] else { return nil }
    var description = plan.tensors[index].description
    let count = plan.tensors[index].shape.count
    var reason: String?
    let values = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let text = unsafe odn_unpack(&description, addresses[index], buffer.baseAddress) {
        reason = unsafe String(cString: text)
        return
      }
      initialized = count
    }
    if let reason { throw .kernel(layer: endpoint, reason: reason) }
    return values
  }

  /// The clip as it was handed over.
  @safe private enum Clip {
    case pixels(UnsafeBufferPointer<UInt8>)
    case floats(UnsafeBufferPointer<Float>)
  }

  private func check(_ count: Int) throws(InferenceError) {
    guard count == clipCount else { throw .clipSize(given: count, expected: clipCount) }
  }

  private func run(_ clip: Clip, timing observe: ((StepTime) -> Void)? = nil) throws(InferenceError) -> [[Float]] {
    _ = odn_set_threads(Int32(threads))
    for (index, step) in plan.steps.enumerated() {
      let start = observe == nil ? nil : ContinuousClock.now
      try run(step, at: index, clip)
      if let start {
        observe?(
          StepTime(
            layer: step.layer, kernel: step.implementation, duration: start.duration(to: .now),
            multiplyAccumulates: step.multiplyAccumulates))
      }
    }
    let result = plan.tensors[plan.result].shape
    let scores = unsafe addresses[plan.result].assumingMemoryBound(to: Float.self)
    return (0..<result.extent.count).map { position in
      let row = unsafe UnsafeBufferPointer(start: scores + position * result.channels, count: result.channels)
      return unsafe Array(row)
    }
  }

  private func run(_ step: NetworkPlan.Step, at index: Int, _ clip: Clip) throws(InferenceError) {
    let destination = unsafe addresses[step.destination]
    switch step.action {
    case .kernel(let kernel): try kernel.run()
    case .winograd(let convolution): try convolution.run()
    case .pack(var packing):
      switch clip {
      case .pixels(let pixels): unsafe odn_pack_pixels(&packing, pixels.baseAddress, destination)
      case .floats(let values): unsafe odn_pack_floats(&packing, values.baseAddress, destination)
      }
    case .concatenate:
      guard let joint = joints[index] else { return }
      let positions = Int64(plan.tensors[step.destination].shape.extent.count)
      unsafe odn_concatenate(Int32(joint.parts.count), joint.parts, joint.partBytes, positions, destination)
    case .copy:
      unsafe destination.copyMemory(
        from: addresses[step.sources[0]], byteCount: plan.tensors[step.destination].byteCount)
    }
  }
}
