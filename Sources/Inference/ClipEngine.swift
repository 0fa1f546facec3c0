import COneDNN
package import Networks

/// Runs a network on windows of one size: each as a whole, or, of a stream of overlapping ones, only what is new in each.
///
/// Used by one thread at a time, always the same one if its OpenMP threads are to be reused. Running allocates nothing
/// but the returned logits, once each way of running was used.
@safe package final class ClipEngine {
  package let graph: NetworkGraph
  /// The format that runs: `auto` resolved.
  package let precision: Precision
  /// Cores it computes on.
  package let threads: Int
  /// Frames from one window of a stream to the next; `nil` where every window is computed as a whole.
  package let hop: Int?

  private let parameters: any ParameterSource
  private let numbers: Numbers
  private let weights = PackedWeights()
  private var arena: AlignedMemory
  /// The whole window.
  private let whole: PlanExecution
  /// What is new in a window, by the frames since the one before.
  private var partial: [Int: PlanExecution] = [:]
  private var layout: WindowCache.Layout?
  /// Of windows that nothing is to be kept of.
  private var unkept: WindowCache?

  /// Plans kernels and memory and loads the weights.
  ///
  /// - Parameters:
  ///   - network: what to run.
  ///   - frames: length of the clips; the network's own when nil. A longer one gives several head positions.
  ///   - size: height and width of the clips in pixels; the network's own when nil.
  ///   - parameters: the weights.
  ///   - precision: number format of the trunk.
  ///   - ranges: how large values become, for int8; `auto` is int8 where they are known.
  ///   - threads: cores to use, at most as many as this process may use.
  ///   - hop: frames from one window to the next, where windows of a stream use again what the one before computed.
  ///   - keepingEndpoints: keeps every layer's output for `values(of:)`; takes several times the memory.
  /// - Throws: `InferenceError`, whose text names the setting to change.
  package init(
    network: StudentNetwork, frames: Int? = nil, size: Int? = nil, parameters: some ParameterSource,
    precision: Precision = .auto, ranges: ActivationRanges? = nil, threads: Int, hop: Int? = nil, keepingEndpoints: Bool = false
  ) throws(InferenceError) {
    do { graph = try network.graph(frames: frames, size: size) } catch { throw .network(reason: "\(error)") }
    self.precision = try precision.resolved(isCalibrated: ranges != nil)
    numbers = try Numbers(graph, self.precision, ranges)
    self.threads = Int(odn_set_threads(Int32(threads)))
    self.parameters = parameters
    self.hop = hop
    let reuse = TemporalReuse(graph, hop: hop, shift: nil)
    whole = PlanExecution(
      try NetworkPlan(
        graph, reuse, parameters: parameters, weights: weights, numbers: numbers, threads: self.threads),
      keepingEndpoints: keepingEndpoints)
    arena = try AlignedMemory(byteCount: whole.arenaBytes)
    if let hop {
      layout = WindowCache.Layout(reuse, graph, numbers, hop: hop)
      // Also for when a hop is skipped: planning takes longer than a window.
      for shift in [hop, 2 * hop] where 2 * shift <= graph.nodes[0].shape.extent.frames {
        partial[shift] = try plan(shift: shift)
      }
    }
  }

  /// Weights, and working memory that all windows share.
  package var memoryBytes: Int { weights.byteCount + arena.byteCount + (unkept?.byteCount ?? 0) }

  /// Bytes of one stream's `WindowCache`.
  package var cacheBytes: Int { layout?.byteCount ?? 0 }

  /// Memory for one stream of windows, for `run(pixels:after:in:)`.
  ///
  /// - Precondition: the engine has a `hop`.
  package func makeCache() throws(InferenceError) -> WindowCache {
    guard let layout else { preconditionFailure("an engine without a hop keeps nothing") }
    return try WindowCache(layout)
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

  /// Logits of the next window of a stream: what `run(pixels:)` says of it, for less work.
  ///
  /// - Parameters:
  ///   - pixels: the whole window.
  ///   - shift: frames since the window that `cache` was used for last, where both show the same pictures at the same
  ///     times; `nil` when they do not.
  ///   - cache: the stream's memory.
  /// - Returns: K logits for each head position.
  /// - Throws: `InferenceError.clipSize` for a clip of another size.
  package func run(pixels: Span<UInt8>, after shift: Int?, in cache: WindowCache) throws(InferenceError) -> [[Float]] {
    try check(pixels.count)
    return try unsafe pixels.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
      try unsafe run(.pixels(buffer), after: shift, in: cache)
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
  ///
  /// - Parameters:
  ///   - pixels: the window.
  ///   - shift: as in `run(pixels:after:in:)`.
  ///   - cache: the stream's memory, where there is one.
  /// - Returns: the steps.
  /// - Throws: `InferenceError.clipSize` for a clip of another size.
  package func profile(
    pixels: Span<UInt8>, after shift: Int? = nil, in cache: WindowCache? = nil
  ) throws(InferenceError) -> [StepTime] {
    try check(pixels.count)
    var times: [StepTime] = []
    _ = try unsafe pixels.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
      try unsafe run(.pixels(buffer), after: shift, in: cache) { step, duration in
        times.append(
          StepTime(
            layer: step.layer, kernel: step.implementation, duration: duration,
            multiplyAccumulates: step.multiplyAccumulates))
      }
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
    let plan = whole.plan
    guard endpoint != StudentNetwork.Endpoint.input, let index = plan.endpoints[endpoint],
      let address = unsafe whole.address(ofTensor: index)
    else { return nil }
    var description = plan.tensors[index].description
    let count = plan.tensors[index].shape.count
    var reason: String?
    let values = unsafe [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      if let text = unsafe odn_unpack(&description, address, buffer.baseAddress) {
        reason = unsafe String(cString: text)
        return
      }
      initialized = count
    }
    if let reason { throw .kernel(layer: endpoint, reason: reason) }
    let step = plan.tensors[index].step
    return step == 1 ? values : values.map { $0 * step }
  }

  private func check(_ count: Int) throws(InferenceError) {
    guard count == clipCount else { throw .clipSize(given: count, expected: clipCount) }
  }

  private func run(
    _ clip: PlanExecution.Clip, after shift: Int? = nil, in given: WindowCache? = nil,
    timing observe: ((NetworkPlan.Step, Duration) -> Void)? = nil
  ) throws(InferenceError) -> [[Float]] {
    _ = odn_set_threads(Int32(threads))
    if hop != nil, given == nil, unkept == nil { unkept = try makeCache() }
    let cache = given ?? unkept
    var execution = whole
    if let shift, let cache, cache.isFilled, let part = try part(after: shift) {
      execution = part
      cache.move(by: shift)
    } else {
      cache?.begin()
    }
    // A run that fails leaves nothing to go on from.
    do {
      try unsafe execution.run(clip, in: arena.base, cache, timing: observe)
    } catch {
      cache?.begin()
      throw error
    }
    cache?.complete()
    let result = execution.plan.tensors[execution.plan.result].shape
    guard let scores = unsafe execution.address(ofTensor: execution.plan.result)?.assumingMemoryBound(to: Float.self)
    else { return [] }
    return (0..<result.extent.count).map { position in
      let row = unsafe UnsafeBufferPointer(start: scores + position * result.channels, count: result.channels)
      return unsafe Array(row)
    }
  }

  /// What computes a window that begins `shift` frames after the one before; `nil` where that saves nothing.
  private func part(after shift: Int) throws(InferenceError) -> PlanExecution? {
    guard let hop, shift > 0, shift.isMultiple(of: hop), shift <= graph.nodes[0].shape.extent.frames / 2 else {
      return nil
    }
    if let made = partial[shift] { return made }
    let made = try plan(shift: shift)
    partial[shift] = made
    return made
  }

  private func plan(shift: Int) throws(InferenceError) -> PlanExecution {
    let reuse = TemporalReuse(graph, hop: hop, shift: shift)
    let plan = try NetworkPlan(
      graph, reuse, parameters: parameters, weights: weights, numbers: numbers, threads: threads)
    let execution = PlanExecution(plan)
    if execution.arenaBytes > arena.byteCount { arena = try AlignedMemory(byteCount: execution.arenaBytes) }
    return execution
  }
}
