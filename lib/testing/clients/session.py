"""A scripted session of boto3 through a gateway: `python3 session.py ENDPOINT TABLE`. Ends with `ok`, or an assertion."""
import sys
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, name = sys.argv[1], sys.argv[2]
settings = dict(
    endpoint_url=endpoint,
    region_name="eu-central-1",
    aws_access_key_id="any",
    aws_secret_access_key="any",
    config=Config(retries={"max_attempts": 1}),
)
client = boto3.client("dynamodb", **settings)
resource = boto3.resource("dynamodb", **settings)


def refused(code, call):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response
    raise AssertionError(f"{code} was expected")


client.create_table(
    TableName=name,
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "N"},
    ],
    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
)
client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
table = resource.Table(name)

table.put_item(Item={"pk": "a", "sk": 1, "n": Decimal("1.5"), "b": b"\x00\xff", "s": {"x", "y"}, "__proto__": "kept"})
item = table.get_item(Key={"pk": "a", "sk": 1})["Item"]
assert item["__proto__"] == "kept" and item["b"].value == b"\x00\xff" and item["s"] == {"x", "y"}, item
digits = Decimal("12345678901234567890123456789012345678")
table.put_item(Item={"pk": "a", "sk": 2, "n": digits})
assert table.get_item(Key={"pk": "a", "sk": 2}, ConsistentRead=True)["Item"]["n"] == digits

for kind in ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"]:
    said = table.update_item(
        Key={"pk": "a", "sk": 1},
        UpdateExpression="ADD hits :one",
        ExpressionAttributeValues={":one": 1},
        ReturnValues=kind,
    )
    assert ("Attributes" in said) == (kind != "NONE"), (kind, said)
assert table.get_item(Key={"pk": "a", "sk": 1})["Item"]["hits"] == 5

refused(
    "ConditionalCheckFailedException",
    lambda: table.put_item(Item={"pk": "a", "sk": 1}, ConditionExpression=Attr("pk").not_exists()),
)
with table.batch_writer() as batch:
    for sk in range(10, 50):
        batch.put_item(Item={"pk": "many", "sk": sk, "v": "x" * 100})
pages = list(
    client.get_paginator("query").paginate(
        TableName=name,
        KeyConditionExpression="pk = :p",
        ExpressionAttributeValues={":p": {"S": "many"}},
        PaginationConfig={"PageSize": 7},
    )
)
assert [item["sk"]["N"] for page in pages for item in page["Items"]] == [str(sk) for sk in range(10, 50)]
found = table.query(KeyConditionExpression=Key("pk").eq("many") & Key("sk").between(20, 22), ScanIndexForward=False)
assert [item["sk"] for item in found["Items"]] == [22, 21, 20], found
scanned = sum(len(page["Items"]) for page in client.get_paginator("scan").paginate(TableName=name, PaginationConfig={"PageSize": 9}))
assert scanned == 42, scanned
keys = [{"pk": {"S": "many"}, "sk": {"N": str(sk)}} for sk in range(10, 60)]
got = client.batch_get_item(RequestItems={name: {"Keys": keys}})["Responses"][name]
assert len(got) == 40, len(got)

client.transact_write_items(
    TransactItems=[
        {"Put": {"TableName": name, "Item": {"pk": {"S": "t"}, "sk": {"N": "1"}}}},
        {"Delete": {"TableName": name, "Key": {"pk": {"S": "many"}, "sk": {"N": "10"}}}},
    ]
)
reasons = refused(
    "TransactionCanceledException",
    lambda: client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": name, "Item": {"pk": {"S": "t"}, "sk": {"N": "2"}}}},
            {
                "ConditionCheck": {
                    "TableName": name,
                    "Key": {"pk": {"S": "none"}, "sk": {"N": "1"}},
                    "ConditionExpression": "attribute_exists(pk)",
                }
            },
        ]
    ),
)["CancellationReasons"]
assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"], reasons
assert "Item" not in table.get_item(Key={"pk": "t", "sk": 2})
table.delete_item(Key={"pk": "a", "sk": 2})
assert "Item" not in table.get_item(Key={"pk": "a", "sk": 2})
refused("ValidationException", lambda: table.get_item(Key={"wrong": "key"}))
refused("ResourceNotFoundException", lambda: resource.Table(name + "-absent").get_item(Key={"pk": "a", "sk": 1}))
print("ok")
