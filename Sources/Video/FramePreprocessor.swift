/// Turns frames into samples: applies the mask, crops, resizes, converts to RGB and rotates upright.
///
/// Mask and region refer to the upright picture. A new plan is made when the frames' size, orientation or format
/// changes; otherwise nothing is allocated.
package struct FramePreprocessor: Sendable {
  private struct Plan: Sendable {
    var format: PixelFormat
    var size: FrameSize
    var orientation: Orientation
    var output: FrameSize
    var black: [PrivacyMask.Run]
    var components: [PixelComponent]
    var resampler: Resampler
  }

  /// The kind of samples to make.
  package let picture: SamplePicture
  /// How the camera is mounted; applied after the frame's own orientation.
  private let mounting: Orientation
  private var plan: Plan?

  package init(_ picture: SamplePicture, mounting: Orientation = .upright) {
    self.picture = picture
    self.mounting = mounting
  }

  package init(_ preprocessing: ClipPreprocessing) { self.init(.clip(preprocessing)) }

  /// Masks the frame in place and writes its sample as rows of RGB pixels; `pixels` gets the sample's length.
  ///
  /// - Returns: the sample's size.
  /// - Throws: `VideoError` if the frame does not contain its picture; frame and `pixels` are then unchanged.
  @discardableResult
  package mutating func process(_ frame: inout Frame, into pixels: inout [UInt8]) throws(VideoError) -> FrameSize {
    try frame.validatePlanes()
    let orientation = frame.orientation.followed(by: mounting)
    if plan?.format != frame.format || plan?.size != frame.size || plan?.orientation != orientation {
      let upright = orientation.size(of: frame.size)
      let output = picture.size(of: upright)
      plan = Plan(
        format: frame.format, size: frame.size, orientation: orientation, output: output,
        black: picture.mask.turned(orientation.inverse).runs(in: frame.size), components: frame.format.components,
        resampler: Resampler(
          frame.format, frame.size, orientation: orientation, rectangle: picture.rectangle(in: upright),
          output: output))
    }
    guard let output = plan?.output else { preconditionFailure("the frame was planned for") }
    let count = output.width * output.height * 3
    if pixels.count != count { pixels = [UInt8](repeating: 0, count: count) }
    if let plan { frame.paintBlack(plan.black, plan.components) }
    try plan?.resampler.resample(frame, into: &pixels)
    return output
  }
}
