/** The errors of KMS: https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html#API_Decrypt_Errors */

/** An error answer of KMS. */
export class AwsKmsError extends Error {
  readonly type: string;
  readonly status: number;

  constructor(type: string, message = '', status = 400) {
    super(message);
    this.name = 'AwsKmsError';
    this.type = type;
    this.status = status;
  }
}

/** KMS sends no message, so that the caller cannot distinguish a wrong ciphertext from a wrong context. */
export const invalidCiphertext = new AwsKmsError('InvalidCiphertextException');

export const incorrectKey = new AwsKmsError(
  'IncorrectKeyException',
  'The key ID in the request does not identify a CMK that can perform this operation.',
);

export const noSuchKey = (arn: string): AwsKmsError =>
  new AwsKmsError('NotFoundException', `Key '${arn}' does not exist`);

export const disabled = (arn: string): AwsKmsError =>
  new AwsKmsError('DisabledException', `${arn} is disabled.`);

export const unknownClient = new AwsKmsError(
  'UnrecognizedClientException',
  'The security token included in the request is invalid.',
);

export const unknownOperation = new AwsKmsError('UnknownOperationException');
