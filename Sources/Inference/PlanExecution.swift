import COneDNN
import Networks

/// Runs a plan, with its tensors placed in an arena that it shares with the engine's other plans.
@safe final class PlanExecution {
  let plan: NetworkPlan
  /// Size of the arena it needs.
  let arenaBytes: Int

  /// Offsets of the tensors, then of the steps' working memory.
  private let offsets: [Int]
  private var addresses: [UnsafeMutableRawPointer] = unsafe []
  private var joints: [Joint]

  /// The inputs of one concatenation, prepared for the shim.
  @safe private struct Joint {
    var parts: [UnsafeRawPointer?] = unsafe []
    var partBytes: [Int64] = []
  }

  /// A clip as passed by the caller.
  @safe enum Clip {
    case pixels(UnsafeBufferPointer<UInt8>)
    case floats(UnsafeBufferPointer<Float>)
  }

  /// - Parameters:
  ///   - plan: the plan to run.
  ///   - keepingEndpoints: gives every tensor its own memory.
  init(_ plan: NetworkPlan, keepingEndpoints: Bool = false) {
    self.plan = plan
    var reservations = zip(plan.tensors, plan.lives).enumerated().map { index, tensor in
      MemoryPlan.Reservation(
        byteCount: plan.kept[index] == nil ? tensor.0.byteCount : 0,
        life: keepingEndpoints ? 0...plan.steps.count : tensor.1)
    }
    for (index, step) in plan.steps.enumerated() {
      reservations.append(.init(byteCount: step.scratchBytes, life: index...index))
    }
    let memory = MemoryPlan(reservations)
    offsets = memory.offsets
    arenaBytes = memory.byteCount
    joints = plan.steps.map { step in
      guard case .concatenate = step.action else { return Joint() }
      let bytes = step.sources.map { source in
        let tensor = plan.tensors[source.tensor]
        return Int64(tensor.shape.channels * tensor.scalar.byteCount)
      }
      return unsafe Joint(parts: bytes.map { _ in nil }, partBytes: bytes)
    }
  }

  /// The address of a tensor in the arena, after a run.
  func address(ofTensor tensor: Int) -> UnsafeMutableRawPointer? {
    unsafe addresses.indices.contains(tensor) ? addresses[tensor] : nil
  }

  /// Computes a window.
  ///
  /// - Parameters:
  ///   - clip: all frames of the clip.
  ///   - first: the frame used as the plan's first.
  ///   - end: stops before this step; nil runs all steps.
  ///   - arena: at least `arenaBytes`.
  ///   - cache: contains the kept layers.
  ///   - clearing: returns how many of a kept layer's frames lie before the stream's start.
  ///   - observe: called after each step.
  /// - Throws: `InferenceError.kernel` if oneDNN refuses.
  func run(
    _ clip: Clip, from first: Int = 0, before end: Int? = nil, in arena: UnsafeMutableRawPointer, _ cache: WindowCache?,
    clearing: ContinualFrames? = nil, timing observe: ((NetworkPlan.Step, Duration) -> Void)?
  ) throws(InferenceError) {
    try unsafe bind(arena, cache)
    for (index, step) in plan.steps[..<(end ?? plan.steps.count)].enumerated() {
      let start = observe == nil ? nil : ContinuousClock.now
      try run(step, at: index, clip, from: first)
      if let clearing, let cache, let node = plan.kept[step.destination.tensor] {
        cache.clear(clearing.framesBeforeBeginning(ofNode: node, afterSteps: cache.steps), ofNode: node)
      }
      if let start { observe?(step, start.duration(to: .now)) }
    }
  }

  private func address(_ place: NetworkPlan.Place) -> UnsafeMutableRawPointer {
    unsafe addresses[place.tensor] + place.firstFrame * plan.tensors[place.tensor].frameBytes
  }

  /// Sets where every step reads, writes and works; cheap compared with running a step.
  private func bind(_ arena: UnsafeMutableRawPointer, _ cache: WindowCache?) throws(InferenceError) {
    unsafe addresses.removeAll(keepingCapacity: true)
    for tensor in plan.tensors.indices {
      if let node = plan.kept[tensor], let cache {
        unsafe addresses.append(cache.address(ofNode: node))
      } else {
        unsafe addresses.append(arena + offsets[tensor])
      }
    }
    for (index, step) in plan.steps.enumerated() {
      let scratch = unsafe arena + offsets[plan.tensors.count + index]
      switch step.action {
      case .pack, .copy: break
      case .concatenate:
        for (part, source) in step.sources.enumerated() {
          unsafe joints[index].parts[part] = unsafe UnsafeRawPointer(address(source))
        }
      case .kernel(let kernel):
        try unsafe kernel.bind(.source, to: address(step.sources[0]))
        if step.sources.count > 1 { try unsafe kernel.bind(.weights, to: address(step.sources[1])) }
        if step.sources.count > 2 { try unsafe kernel.bind(.bias, to: address(step.sources[2])) }
        try unsafe kernel.bind(.destination, to: address(step.destination))
        if kernel.scratchBytes > 0 { try unsafe kernel.bind(.scratchpad, to: scratch) }
      case .winograd(let convolution):
        try unsafe convolution.bind(
          source: address(step.sources[0]), destination: address(step.destination), scratch: scratch)
      }
    }
  }

  private func run(
    _ step: NetworkPlan.Step, at index: Int, _ clip: Clip, from first: Int
  ) throws(InferenceError) {
    switch step.action {
    case .kernel(let kernel): try kernel.run()
    case .winograd(let convolution): try convolution.run()
    case .pack(var packing):
      packing.first_frame += Int64(first)
      switch clip {
      case .pixels(let pixels): unsafe odn_pack_pixels(&packing, pixels.baseAddress, address(step.destination))
      case .floats(let values): unsafe odn_pack_floats(&packing, values.baseAddress, address(step.destination))
      }
    case .concatenate(let positions):
      let joint = joints[index]
      unsafe odn_concatenate(
        Int32(joint.parts.count), joint.parts, joint.partBytes, Int64(positions), address(step.destination))
    case .copy:
      let bytes = plan.tensors[step.destination.tensor].byteCount
      unsafe address(step.destination).copyMemory(from: address(step.sources[0]), byteCount: bytes)
    }
  }
}
