package import Video

/// A sample for people to look at: what the finder or the network sees, including masks.
package struct PreviewPicture: Sendable {
  package var size: FrameSize
  /// Rows of RGB.
  package var pixels: [UInt8]
  /// The most recent positions of people, in fractions of this picture.
  package var boxes: [PictureBox]

  package init(size: FrameSize, pixels: [UInt8], boxes: [PictureBox]) {
    (self.size, self.pixels, self.boxes) = (size, pixels, boxes)
  }
}
