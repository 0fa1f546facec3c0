import CTorch

/// Values that travel from the device while it goes on computing.
@safe package final class PendingValues {
  private let handle: OpaquePointer
  private let count: Int

  /// Begins to copy what a tensor will hold once the device has computed it.
  package init(_ tensor: Tensor) throws(TensorError) {
    guard let begun = unsafe ctorch_pending_begin(tensor.handle) else { throw .last(in: "reading values") }
    unsafe handle = begun
    count = tensor.count
  }

  deinit { unsafe ctorch_pending_release(handle) }

  /// The values, row-major, as soon as they are there; what the device was given later is not waited for.
  package func doubles() throws(TensorError) -> [Double] {
    var values = [Double](repeating: 0, count: count)
    try check("reading values", unsafe ctorch_pending_finish(handle, &values, CInt(count)))
    return values
  }
}
