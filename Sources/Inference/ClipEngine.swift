import COneDNN
package import Networks

/// How much of each window is computed.
package enum WindowMode: Hashable, Sendable {
  /// The whole window.
  case recompute
  /// Only what is new in each window of a stream, with a hop between windows; same result as `recompute`.
  case incremental(hop: Int)
  /// Each frame of each layer once, with real frames instead of zeros beyond a window's ends: a different function,
  /// whose result arrives later.
  case continual(hop: Int)

  /// Frames between two windows of a stream; `nil` if windows are unrelated.
  package var hop: Int? {
    switch self {
    case .recompute: nil
    case .incremental(let hop), .continual(let hop): hop
    }
  }
}

/// Runs a network on windows of one size: each as a whole or, in a stream of overlapping windows, only what is new in
/// each.
///
/// Used by one thread at a time, always the same one if its OpenMP threads are to be reused. After the first run of
/// each kind, nothing is allocated but the returned logits.
@safe package final class ClipEngine {
  package let graph: NetworkGraph
  /// The format in use, with `auto` resolved.
  package let precision: Precision
  /// Number of cores it computes on.
  package let threads: Int
  /// How much of each window is computed.
  package let mode: WindowMode

  /// Most hops since the previous window after which only what is new is computed: each number of them takes a plan of its own.
  private static let mostHops = 4

  private let parameters: any ParameterSource
  private let numbers: Numbers
  private let weights: PackedWeights
  private var arena: AlignedMemory
  /// Computes a whole window; for continual windows, a step.
  private let whole: PlanExecution
  private let continual: ContinualFrames?
  /// Computes what is new in a window, by the number of frames since the previous one.
  private var partial: [Int: PlanExecution] = [:]
  private var layout: WindowCache.Layout?
  /// Used for windows of which nothing is kept.
  private var unkept: WindowCache?

  /// Plans kernels and memory and loads the weights.
  ///
  /// - Parameters:
  ///   - network: what to run.
  ///   - frames: clip length; the network's own if nil. A longer clip gives several head positions.
  ///   - size: height and width of the clips in pixels; the network's own if nil.
  ///   - parameters: the weights.
  ///   - precision: number format of the trunk.
  ///   - ranges: how large values become, for int8; `auto` is int8 where they are known.
  ///   - threads: cores to use, at most as many as this process may use.
  ///   - mode: how much of a window is computed.
  ///   - other: an engine of the same network, weights and precision, whose packed weights this one shares; each may be
  ///     used by a thread of its own.
  ///   - keepingEndpoints: keeps every layer's output for `values(of:)`; takes several times the memory.
  /// - Throws: `InferenceError`, which names the setting to change.
  package init(
    network: StudentNetwork, frames: Int? = nil, size: Int? = nil, parameters: some ParameterSource,
    precision: Precision = .auto, ranges: ActivationRanges? = nil, threads: Int, mode: WindowMode = .recompute,
    sharing other: ClipEngine? = nil, keepingEndpoints: Bool = false
  ) throws(InferenceError) {
    do { graph = try network.graph(frames: frames, size: size) } catch { throw .network(reason: "\(error)") }
    self.precision = try precision.resolved(isCalibrated: ranges != nil)
    numbers = try Numbers(graph, self.precision, ranges)
    self.threads = Int(odn_set_threads(Int32(threads)))
    self.parameters = parameters
    weights = other?.weights ?? PackedWeights()
    self.mode = mode
    continual = try Self.continualFrames(of: graph, mode)
    let reused: Int? = if case .incremental(let hop) = mode { hop } else { nil }
    let layers = continual?.layers ?? TemporalReuse(graph, hop: reused, shift: nil).layers
    whole = PlanExecution(
      try NetworkPlan(
        graph, layers, parameters: parameters, weights: weights, numbers: numbers, threads: self.threads),
      keepingEndpoints: keepingEndpoints)
    arena = try AlignedMemory(byteCount: whole.arenaBytes)
    if let hop = mode.hop { layout = WindowCache.Layout(layers, graph, numbers, hop: hop) }
    if let reused {
      // Also for when hops are skipped: planning takes longer than a window, and memory, just when there is no time.
      let frames = graph.nodes[0].shape.extent.frames
      for shift in (1...Self.mostHops).map({ $0 * reused }) where 2 * shift <= frames {
        partial[shift] = try plan(shift: shift, hop: reused)
      }
    }
  }

  /// How many frames the results of `mode` lag behind the windows that produce them.
  ///
  /// - Throws: `InferenceError.network` for a hop that the mode does not support.
  package static func delay(of network: StudentNetwork, _ mode: WindowMode) throws(InferenceError) -> Int {
    let graph: NetworkGraph
    do { graph = try network.graph() } catch { throw .network(reason: "\(error)") }
    return try continualFrames(of: graph, mode)?.delay ?? 0
  }

  private static func continualFrames(
    of graph: NetworkGraph, _ mode: WindowMode
  ) throws(InferenceError) -> ContinualFrames? {
    guard case .continual(let hop) = mode else { return nil }
    guard let frames = ContinualFrames(graph, hop: hop), graph.nodes[0].shape.extent.frames.isMultiple(of: hop) else {
      throw .network(
        reason:
          "continual windows need a hop that is a multiple of 8, the network's stride, and divides a window with room "
          + "to spare; set model.hop to 8, or model.windows to incremental")
    }
    return frames
  }

  /// How many frames a result lags behind its window; 0 except for continual windows.
  package var delay: Int { continual?.delay ?? 0 }

  /// Weights, and working memory that all windows share.
  package var memoryBytes: Int { weights.byteCount + workingBytes }

  /// Working memory alone, which engines that share weights have each for itself.
  package var workingBytes: Int { arena.byteCount + (unkept?.byteCount ?? 0) }

  /// Size of one stream's `WindowCache` in bytes.
  package var cacheBytes: Int { layout?.byteCount ?? 0 }

  /// Creates the memory for one stream of windows, for `run(pixels:after:in:)`.
  ///
  /// - Precondition: the mode is not `recompute`.
  package func makeCache() throws(InferenceError) -> WindowCache {
    guard let layout else { preconditionFailure("whole windows keep nothing") }
    return try WindowCache(layout)
  }

  /// Number of values in a clip: 3 · T · H · W.
  package var clipCount: Int { graph.nodes[0].shape.count }

  /// Logits for a clip of pixels.
  ///
  /// - Parameter pixels: T x H x W x 3 bytes, RGB interleaved; a byte x means x / 127.5 - 1.
  /// - Returns: K logits for each head position.
  /// - Throws: `InferenceError.clipSize` if the clip has another size.
  package func run(pixels: Span<UInt8>) throws(InferenceError) -> [[Float]] {
    try check(pixels.count)
    return try unsafe pixels.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
      try unsafe run(.pixels(buffer))
    }
  }

  /// Logits for the next window of a stream: the same result as `run(pixels:)`, for less work.
  ///
  /// With continual windows, the result is for the stream `delay` frames ago, and nil until the stream is long enough.
  ///
  /// - Parameters:
  ///   - pixels: the whole window.
  ///   - shift: frames since the window that `cache` was last used for, if both show the same pictures at the same
  ///     times; otherwise `nil`.
  ///   - cache: the stream's memory.
  /// - Returns: K logits for each head position.
  /// - Throws: `InferenceError.clipSize` if the clip has another size.
  package func run(pixels: Span<UInt8>, after shift: Int?, in cache: WindowCache) throws(InferenceError) -> [[Float]]? {
    try check(pixels.count)
    return try unsafe pixels.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
      try unsafe run(.pixels(buffer), after: shift, in: cache)
    }
  }

  /// Logits for a clip of normalised values.
  ///
  /// - Parameter values: 3 x T x H x W values in [-1, 1].
  /// - Returns: K logits for each head position.
  /// - Throws: `InferenceError.clipSize` if the clip has another size.
  package func run(normalized values: Span<Float>) throws(InferenceError) -> [[Float]] {
    try check(values.count)
    return try unsafe values.withUnsafeBufferPointer { (buffer) throws(InferenceError) in
      try unsafe run(.floats(buffer))
    }
  }

  /// The duration in seconds of each step of one run, in order, with the layer and the kernel.
  ///
  /// - Parameters:
  ///   - pixels: the window.
  ///   - shift: as in `run(pixels:after:in:)`.
  ///   - cache: the stream's memory, if there is one.
  /// - Returns: the steps.
  /// - Throws: `InferenceError.clipSize` if the clip has another size.
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

  /// The duration of one step.
  package struct StepTime: Sendable {
    package let layer: String
    package let kernel: String
    package let duration: Duration
    /// Products of the direct algorithm; 0 for steps that only move values.
    package let multiplyAccumulates: Int
  }

  /// An endpoint's values after the last run, in NCTHW order; nil if the network has no such endpoint.
  ///
  /// Only valid for an engine created with `keepingEndpoints`, or for the logits. `NonLocal.attention` is the softmax
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

  private func run(_ clip: PlanExecution.Clip) throws(InferenceError) -> [[Float]] {
    precondition(continual == nil, "continual windows belong to a stream")
    return try run(clip, after: nil, in: nil) ?? []
  }

  private func run(
    _ clip: PlanExecution.Clip, after shift: Int?, in given: WindowCache?,
    timing observe: ((NetworkPlan.Step, Duration) -> Void)? = nil
  ) throws(InferenceError) -> [[Float]]? {
    _ = odn_set_threads(Int32(threads))
    if mode.hop != nil, given == nil, unkept == nil { unkept = try makeCache() }
    let cache = given ?? unkept
    // After a failed run there is nothing to continue from.
    do {
      if let continual, let cache { return try step(continual, clip, after: shift, in: cache, timing: observe) }
      var execution = whole
      if let shift, let cache, cache.isFilled, let part = partial[shift] {
        execution = part
        cache.move(by: shift)
      } else {
        cache?.begin()
      }
      try unsafe execution.run(clip, in: arena.base, cache, timing: observe)
      cache?.complete()
      return result(of: execution)
    } catch {
      cache?.begin()
      throw error
    }
  }

  /// Runs the stream's steps up to the end of `clip`; starts a new stream if it does not continue the previous one.
  private func step(
    _ continual: ContinualFrames, _ clip: PlanExecution.Clip, after shift: Int?, in cache: WindowCache,
    timing observe: ((NetworkPlan.Step, Duration) -> Void)?
  ) throws(InferenceError) -> [[Float]]? {
    guard let hop = mode.hop else { return nil }
    var steps = (shift ?? 0) / hop
    // Everything a step reads must still be in the clip.
    let goesOn = cache.isFilled && steps > 0 && shift == steps * hop && continual.firstRead >= (steps - 1) * hop
    if !goesOn {
      // A stream that fell behind restarts with its newest hop only: there was no time for the hops it missed.
      steps = shift == nil ? graph.nodes[0].shape.extent.frames / hop : 1
      cache.beginStream()
    }
    for later in (0..<steps).reversed() {
      cache.step(by: hop)
      let isYoung = cache.steps < continual.stepsToFill
      let end = later > 0 || isYoung ? whole.plan.stepEnds[continual.trunkEnd] : nil
      try unsafe whole.run(
        clip, from: continual.firstRead - later * hop, before: end, in: arena.base, cache,
        clearing: isYoung ? continual : nil, timing: observe)
    }
    return cache.steps < continual.stepsToFill ? nil : result(of: whole)
  }

  private func result(of execution: PlanExecution) -> [[Float]] {
    let shape = execution.plan.tensors[execution.plan.result].shape
    guard let scores = unsafe execution.address(ofTensor: execution.plan.result)?.assumingMemoryBound(to: Float.self)
    else { return [] }
    return (0..<shape.extent.count).map { position in
      let row = unsafe UnsafeBufferPointer(start: scores + position * shape.channels, count: shape.channels)
      return unsafe Array(row)
    }
  }

  private func plan(shift: Int, hop: Int) throws(InferenceError) -> PlanExecution {
    let plan = try NetworkPlan(
      graph, TemporalReuse(graph, hop: hop, shift: shift).layers, parameters: parameters, weights: weights,
      numbers: numbers, threads: threads)
    let execution = PlanExecution(plan)
    if execution.arenaBytes > arena.byteCount { arena = try AlignedMemory(byteCount: execution.arenaBytes) }
    return execution
  }
}
