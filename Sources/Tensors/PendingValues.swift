import CTorch

/// Values being copied from the device while it keeps computing.
@safe package final class PendingValues {
  private let handle: OpaquePointer
  private let count: Int

  /// Starts copying a tensor's values as soon as the device has computed them.
  package init(_ tensor: Tensor) throws(TensorError) {
    guard let begun = unsafe ctorch_pending_begin(tensor.handle) else { throw .last(in: "reading values") }
    unsafe handle = begun
    count = tensor.count
  }

  deinit { unsafe ctorch_pending_release(handle) }

  /// The values, row-major, once they have arrived; does not wait for later work of the device.
  package func doubles() throws(TensorError) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    try check("reading values", unsafe ctorch_pending_finish(handle, &values, CInt(count)))
    return values
  }
}
