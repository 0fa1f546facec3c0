import CTorch

/// The processes that train a network together, through libtorch's process groups.
@safe package final class ProcessGroup {
  package let rank: Int
  package let size: Int
  private let handle: OpaquePointer

  /// Connects to the other ranks at `host`:`port`, where rank 0 listens.
  ///
  /// - Parameters:
  ///   - host: name or address of rank 0's machine.
  ///   - port: TCP port there.
  ///   - rank: this process, 0..<size.
  ///   - size: number of processes.
  ///   - timeout: how long any rank may keep the others waiting.
  ///   - device: CUDA uses NCCL if libtorch includes it, the CPU uses Gloo.
  /// - Throws: `TensorError` if not all ranks connect in time.
  package init(host: String, port: Int, rank: Int, size: Int, timeout: Duration, device: Device) throws(TensorError) {
    self.rank = rank
    self.size = size
    let milliseconds = timeout.components.seconds * 1000
    let joined = unsafe ctorch_group_join(
      host, CInt(port), CInt(rank), CInt(size), milliseconds, device != .cpu && Library.hasNCCL, device.ordinal)
    guard let joined = unsafe joined else { throw .last(in: "meeting the other ranks") }
    unsafe handle = joined
  }

  deinit { unsafe ctorch_group_leave(handle) }

  /// Sums over the ranks, in place.
  package func sum(_ x: Tensor) throws(TensorError) {
    try check("sum over ranks", unsafe ctorch_group_sum(handle, x.handle))
  }

  /// Copies rank 0's values to every rank, in place.
  package func broadcast(_ x: Tensor) throws(TensorError) {
    try check("broadcast", unsafe ctorch_group_broadcast(handle, x.handle))
  }

  /// Concatenates the ranks' tensors, which must have the same shape, along axis 0; without gradients.
  package func gather(_ x: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("gather", ctorch_group_gather(handle, x.handle))
  }

  package func barrier() throws(TensorError) { try check("barrier", unsafe ctorch_group_barrier(handle)) }

  /// Averages the gradients of `parameters` over the ranks while backward runs.
  package func reducer(of parameters: [Tensor], bucketBytes: Int = 25 << 20) throws(TensorError) -> GradientReducer {
    let made = unsafe withHandles(parameters) {
      unsafe ctorch_reducer_create(handle, $0, $1, Int64(bucketBytes))
    }
    guard let made = unsafe made else { throw .last(in: "gradient buckets") }
    return unsafe GradientReducer(made, self)
  }
}

/// Averages gradients over the ranks in buckets; call `begin` before the last backward of a step, `finish` after it.
@safe package final class GradientReducer {
  private let handle: OpaquePointer
  private let group: ProcessGroup

  init(_ handle: OpaquePointer, _ group: ProcessGroup) {
    unsafe self.handle = handle
    self.group = group
  }

  deinit { unsafe ctorch_reducer_release(handle) }

  package func begin() throws(TensorError) { try check("gradient buckets", unsafe ctorch_reducer_begin(handle)) }

  package func finish() throws(TensorError) {
    try check("averaging gradients over ranks", unsafe ctorch_reducer_finish(handle))
  }
}

extension ProcessGroup {
  /// A differentiable sum over the ranks: its gradient is summed over the ranks too.
  package func differentiableSum(_ x: Tensor) throws(TensorError) -> Tensor {
    try unsafe Tensor("sum over ranks", ctorch_group_differentiable_sum(handle, x.handle))
  }

  /// Batch norm with the statistics of all ranks' batches together; running statistics are updated in place.
  ///
  /// - Source: as for `Tensor.batchNormalized`; the running variance is updated with the unbiased one.
  package func batchNormalized(
    _ x: Tensor, scale: Tensor, offset: Tensor, mean: Tensor, variance: Tensor, momentum: Double, epsilon: Double
  ) throws(TensorError) -> Tensor {
    let shape = x.shape
    let channels = shape[1]
    let axes = shape.indices.filter { $0 != 1 }
    let here = Double(x.count / channels)
    let moments = try Tensor.concatenated(
      [x.sum(axes), x.squared().sum(axes), Tensor.full(here, [1], x.scalarType, on: x.device)], 0)
    let sums = try differentiableSum(moments)
    let total = try sums.narrowed(0, from: 2 * channels, count: 1)
    let batchMean = try sums.narrowed(0, from: 0, count: channels) / total
    let batchVariance = try sums.narrowed(0, from: channels, count: channels) / total - batchMean.squared()
    let count = try total.item()
    try mean.scale(by: 1 - momentum)
    try mean.add(batchMean.detached(), times: momentum)
    try variance.scale(by: 1 - momentum)
    try variance.add(batchVariance.detached(), times: momentum * count / max(count - 1, 1))
    var broadcast = Array(repeating: 1, count: shape.count)
    broadcast[1] = channels
    let factor = try scale / (batchVariance + epsilon).squareRoot()
    return try (x - batchMean.reshaped(broadcast)) * factor.reshaped(broadcast) + offset.reshaped(broadcast)
  }
}
